"""Who may come in. A client sees the campaigns of their own namespaces; lists, segments and texts are the organization's."""

from typing import Annotated

from fastapi import Depends, Query

from outrider.kit.http import Text
from outrider.tenancy import Caller, require

Reader = Annotated[Caller, Depends(require("campaigns:read"))]
CampaignReader = Annotated[Caller, Depends(require("campaigns:read", takes_clients=True))]
Writer = Annotated[Caller, Depends(require("campaigns:write"))]
Name = Annotated[Text | None, Query(description="Only the one with this name, in any case.", examples=["Spring fair"], max_length=200)]
Part = Annotated[Text | None, Query(description="Only those with this in their name.", examples=["fair"], max_length=200)]
