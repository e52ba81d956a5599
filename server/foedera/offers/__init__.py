"""What others offer: kept until somebody decides, and then refused, or a part of the folder.

    STATE/contributions/ID/offer.json     whose it is, when it came, by what licence it may be used
                          /offered.ttl    the text as it was sent, with the ending of its format
                          /report.json    what the check found, as `check.asked.shown` has it
                          /decision.json  what somebody decided
    FOLDER/data/contributed/ID/facts.ttl       of one that was accepted: the same text
                              /provenance.ttl  whose it is, and who let it in

An offer is on the disk, whole, before anybody is told that it is there. A decision to accept is
noted before it is carried out, and holds when the facts are in the folder: they come there with
their provenance by one rename, so that no kill leaves anything to be repaired.
"""

from __future__ import annotations

from foedera.offers.accepting import ORDERS, accept
from foedera.offers.kept import (
    ACCEPTED,
    REFUSED,
    WAITING,
    WITHDRAWN,
    Decision,
    Offer,
    Offers,
    Sender,
    accepted,
    in_release,
)
from foedera.offers.looks import OPERATIONS, told

__all__ = [
    "ACCEPTED",
    "OPERATIONS",
    "ORDERS",
    "REFUSED",
    "WAITING",
    "WITHDRAWN",
    "Decision",
    "Offer",
    "Offers",
    "Sender",
    "accept",
    "accepted",
    "in_release",
    "told",
]
