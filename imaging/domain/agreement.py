"""Where a reader and the computed score disagree: when no score satisfies both. An open end contradicts nothing."""

from imaging.domain.krenning import KrenningProposal


def differs(score_low: int | None, score_high: int | None, computed: KrenningProposal | None) -> bool:
    """False where one of the two has said nothing."""
    if computed is None or score_low is None or score_high is None:
        return False
    return score_high < computed.score_low or score_low > computed.score_high
