"""Tools that know no domain: database, SQL files, migrations, the embedded server, crypto, paging, problems, logs.

Never imports a slice.
"""
