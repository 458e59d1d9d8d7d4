"""The schema: what a server needs once (`prepare.sql`) and the forward-only migrations. Holds no domain rules of its own."""
