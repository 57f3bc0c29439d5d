from config.wsgi import application as product

from .web import around

application = around(product)
