"""The one composer of SQL in this slice: what a list shows and in which order, how many there are, who they are.

Fragments come from the tables in these modules and nowhere else; values are always parameters, names of custom fields among them.
Everything else is in the `.sql` files.
"""

from .listing import MOST_COUNTED, Listing, farther
from .order import DIRECTIONS, Order, Parameters, Sort, Statement, order
from .people import PEOPLE
from .tables import COMPANIES, CONTACTS
from .words import LONGEST_QUERY, words_of

LISTS = {"people": PEOPLE, "companies": COMPANIES, "contacts": CONTACTS}
"""{kind: list}"""

__all__ = [
    "COMPANIES",
    "CONTACTS",
    "DIRECTIONS",
    "LISTS",
    "LONGEST_QUERY",
    "MOST_COUNTED",
    "PEOPLE",
    "Listing",
    "Order",
    "Parameters",
    "Sort",
    "Statement",
    "farther",
    "order",
    "words_of",
]
