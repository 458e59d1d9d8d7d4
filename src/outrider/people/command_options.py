"""What the lists' commands are asked with: options that several of them share, and what these ask."""

from typing import Annotated

import typer

from outrider.kit.terminal import parsed_id

from .filters import CustomFilter, Filters, custom_filter, engagement_filter

Words = Annotated[str | None, typer.Argument(metavar="[QUERY]", help="Any part of name, address or company.", show_default=False)]
CompanyPart = Annotated[str | None, typer.Option("--company", help="Part of the company's name or domain.", show_default=False)]
DomainOf = Annotated[str | None, typer.Option("--domain", help="The company's domain.", show_default=False)]
Title = Annotated[str | None, typer.Option("--title", help="Part of the title.", show_default=False)]
Status = Annotated[str | None, typer.Option("--status", help="active, inactive or bounced.", show_default=False)]
Source = Annotated[str | None, typer.Option("--source", help="Where an address came from.", show_default=False)]
Namespace = Annotated[str | None, typer.Option("--namespace", help="Only people with a profile there.", show_default=False)]
Country = Annotated[str | None, typer.Option("--country", help="The country, in two letters.", show_default=False)]
Tagged = Annotated[
    list[str] | None, typer.Option("--tag", metavar="TAG", help="Only those with this tag; may be repeated.", show_default=False)
]
Custom = Annotated[
    list[str] | None,
    typer.Option("--custom", metavar="OP:FIELD=VALUE", help="contains:, is:, from:, to:, yes:, no:, set: or unset: of a custom field."),
]
Engaged = Annotated[
    list[str] | None,
    typer.Option(
        "--engagement",
        metavar="DOING",
        help="sent, opened, clicked, replied, not_replied, clicked:days=30 ...; may be repeated.",
        show_default=False,
    ),
]
FromImport = Annotated[str | None, typer.Option("--import", metavar="ID", help="Only people whom this import named.", show_default=False)]
Query = Annotated[str | None, typer.Option("--query", "-q", help="Any part of name, address or company.", show_default=False)]


def people_asked(
    query: str | None,
    company: str | None,
    domain: str | None,
    title: str | None,
    status: str | None,
    source: str | None,
    namespace: str | None,
    country: str | None,
    from_import: str | None,
    tags: list[str] | None,
    custom: list[str] | None,
    engaged: list[str] | None,
) -> Filters:
    """Return what the options ask of people. Raises `InvalidInput`."""
    return Filters(
        q=query,
        company=company,
        domain=domain,
        title=title,
        status=status,
        source=source,
        namespace=namespace,
        country_code=country,
        import_id=parsed_id(from_import, "import") if from_import else None,
        tag=tuple(tags or ()),
        custom=custom_asked(custom),
        engagement=tuple(engagement_filter(one) for one in engaged or ()),
    )


def custom_asked(given: list[str] | None) -> tuple[CustomFilter, ...]:
    """Return what `--custom` asks. Raises `InvalidInput`."""
    return tuple(custom_filter(one) for one in given or ())
