"""Something to try out: a campaign in the demo organization whose mails go to a mail server on this machine, and a crowd that reads them.

Part of `outrider up` alone; no slice knows of it.
"""
