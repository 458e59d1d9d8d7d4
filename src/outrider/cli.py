"""The command line: collects the commands of the system and of the slices. Composition only.

A command's module is imported when the command is asked for, so that none pays for another's libraries: the table below
says where each one is, and a test holds its help against the command's own.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any

import typer
from typer._click.exceptions import ClickException  # Typer brings its own Click
from typer.core import TyperCommand, TyperGroup

from outrider import __version__
from outrider.kit import terminal
from outrider.kit.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Entry:
    """A command of the first level: the module whose `app` holds it, its panel in the help, its help."""

    module: str
    panel: str
    help: str


RUNNING, DATA, OUTREACH, ACCESS, DATABASE = "Running", "Data", "Outreach", "Access", "Database"
ENTRIES = {
    "up": Entry("outrider.commands.services", RUNNING, "Start everything: database, sample data, worker, web server."),
    "serve": Entry("outrider.commands.services", RUNNING, "Serve HTTP and nothing else."),
    "worker": Entry("outrider.commands.services", RUNNING, "Run jobs and send what is due, until stopped."),
    "doctor": Entry("outrider.commands.doctor", RUNNING, "Look at everything that can be wrong and say what to do."),
    "import": Entry(
        "outrider.intake.commands", DATA, "Take lead files in: CSV and kin, XLSX, JSON lines, JSON, Parquet, gzip of these, of any size."
    ),
    "imports": Entry("outrider.intake.commands", DATA, "See, stop and undo imports."),
    "namespaces": Entry("outrider.namespaces.commands", DATA, "The clients' segments and how campaigns are routed to them."),
    "people": Entry("outrider.people.commands", DATA, "Find people and see where each value comes from."),
    "lists": Entry("outrider.marketing.commands", OUTREACH, "Lists of people that somebody put together."),
    "segments": Entry("outrider.marketing.commands", OUTREACH, "Whoever fits filters at the moment."),
    "templates": Entry("outrider.marketing.commands", OUTREACH, "Texts that are used again."),
    "campaigns": Entry("outrider.marketing.commands", OUTREACH, "Campaigns: who is told what, and when."),
    "attribution": Entry("outrider.reports.outreach.commands", OUTREACH, "Show which campaigns led to conversions."),
    "conversions": Entry("outrider.reports.outreach.commands", OUTREACH, "What people were won for: meetings, demos, signups, sales."),
    "tasks": Entry("outrider.marketing.outreach_task_commands", OUTREACH, "LinkedIn and phone steps: what a person is to do."),
    "overview": Entry("outrider.reports.commands", DATA, "Show how much there is, what runs and what to do next."),
    "sending": Entry(
        "outrider.sending.commands",
        OUTREACH,
        "What is sent and what waits: messages (list), show (one message), status, freeze, doubtful messages.",
    ),
    "mailboxes": Entry("outrider.sending.commands", OUTREACH, "Mailboxes that send, and the domains that sign."),
    "activity": Entry(
        "outrider.engagement.commands", OUTREACH, "What happened: opens, clicks, replies, bounces, LinkedIn, calls, product events."
    ),
    "intents": Entry("outrider.engagement.commands", OUTREACH, "Who showed interest."),
    "webhooks": Entry("outrider.engagement.commands", OUTREACH, "Where providers deliver events, and what they delivered."),
    "suppressions": Entry("outrider.sending.commands", OUTREACH, "Who is never written to again."),
    "jobs": Entry("outrider.ops.commands", DATA, "See, cancel and repeat jobs."),
    "users": Entry("outrider.tenancy.commands", ACCESS, "Who may sign in to an organization."),
    "keys": Entry("outrider.tenancy.commands", ACCESS, "Keys for the HTTP API."),
    "database": Entry("outrider.reports.commands", DATABASE, "Show how the database does, and what to do about it."),
    "organization": Entry("outrider.tenancy.commands", ACCESS, "The organization's settings, and who changed what."),
    "migrate": Entry("outrider.commands.database", DATABASE, "Bring the database up to this version."),
    "setup": Entry("outrider.commands.database", DATABASE, "Make an organization, and its admin."),
    "url": Entry("outrider.commands.database", DATABASE, "Print the connection string of the application's role."),
    "psql": Entry("outrider.commands.database", DATABASE, "Open psql inside an organization."),
}

LATER = {"campaigns": "outrider.reports.outreach.commands"}
"""{group: the module of a later slice that has commands of it too, under the group's name}."""

EPILOG = "Exit codes:\n\n" + "\n\n".join(f"{code:>3}  {meaning}" for code, meaning in terminal.EXIT_CODES.items())


def load(name: str) -> Any:
    """Return the command `name`, None when there is none.

    A module's `app` holds either commands of the first level, by their names, or is itself the group `name`.
    """
    entry = ENTRIES.get(name)
    if entry is None:
        return None
    group = typer.main.get_group(import_module(entry.module).app)
    command = group.commands.get(name, group)
    if name in LATER:
        command.commands.update(typer.main.get_group(getattr(import_module(LATER[name]), name)).commands)  # type: ignore[attr-defined]
    command.name = name
    command.rich_help_panel = entry.panel  # type: ignore[attr-defined]
    return command


class Commands(TyperGroup):
    """The first level: knows every command's name and help, and imports one when it is to run."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, entry in ENTRIES.items():
            self.commands[name] = TyperCommand(name, help=entry.help, rich_help_panel=entry.panel)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Put the real command in the place of its entry before it is used."""
        if args and args[0] in ENTRIES:
            command = load(args[0])
            if command is None:
                del self.commands[args[0]]
            else:
                self.commands[args[0]] = command
        return super().resolve_command(ctx, args)

    def main(self, args: Sequence[str] | None = None, *_: Any, **extra: Any) -> Any:
        """Run; bad usage is answered as every other error is: one sentence, or a problem object with `--json`."""
        given = list(sys.argv[1:] if args is None else args)
        extra.pop("standalone_mode", None)
        try:
            sys.exit(super().main(given, standalone_mode=False, **extra) or 0)
        except ClickException as error:
            _show_usage_error(error, json="--json" in given)
            sys.exit(error.exit_code)
        except typer.Abort:
            terminal.say("Interrupted.", stderr=True)
            sys.exit(130)


def _show_usage_error(error: Any, *, json: bool) -> None:
    message = error.format_message().strip()
    if not message:  # no arguments at all: the help was printed
        return
    context = error.ctx if getattr(error, "ctx", None) is not None else None
    if context is not None and not json:
        terminal.say(context.get_usage(), stderr=True)
        terminal.say(f"Help: {context.command_path} --help", stderr=True)
    terminal.show_error(InvalidInput(message), json=json)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"Outrider {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
    epilog=EPILOG,
)


@app.callback()
def root(
    org: Annotated[
        str | None,
        typer.Option(
            "--org",
            metavar="NAME",
            envvar="OUTRIDER_ORG",
            show_default=False,
            help="The organization to act in: its slug, name or id.",
        ),
    ] = None,
    version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Outrider: raw leads in, golden records out.

    Commands act in the default organization unless --org names another, before the command or after it.
    """
    if org:
        os.environ["OUTRIDER_ORG"] = org


def main() -> None:
    """Run the command line."""
    app(prog_name="outrider")


if __name__ == "__main__":
    main()
