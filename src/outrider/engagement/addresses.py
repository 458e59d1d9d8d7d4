"""Where Outrider is found from outside, for addresses that people give to providers."""

from starlette.requests import Request


def public_address(request: Request) -> str:
    """Return what the address of anything here begins with: OUTRIDER_PUBLIC_URL, or the host that was asked."""
    configured: str | None = request.app.state.entrance.public_url
    return (configured or str(request.base_url)).rstrip("/")
