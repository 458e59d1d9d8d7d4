"""Contacts, persons, companies, affiliations, their history; searching them."""
