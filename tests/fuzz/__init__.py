"""Valid DICOM changed at random and given to the importer: it may refuse, it may never break or show a wrong SUV."""
