"""man.py FUTU-OPEND FUTUCLI - options and commands of the programs against man/*.1, and those of
the console against man/futu-console.7, both ways.

The programs print their tables with --help; each row begins with two blanks and its name. The
console's stands in the source.
"""
import re
import subprocess
import sys

import files

OPTION = re.compile(r"^ {2,}(?:-\w, )?--([a-z][a-z0-9-]*)", re.M)
CONSOLE = "libfutu/surface/console_cmd.c"
CONSOLE_ROW = re.compile(r'^    \{ "(\w+)", \{([^}]*)\}', re.M)
COMMAND = re.compile(r"^ {2}([a-z][a-z0-9-]*)\b(?![:.])", re.M)


def help_of(*argv):
    run = subprocess.run([*argv, "--help"], text=True, capture_output=True, timeout=20)
    if run.returncode != 0 or not run.stdout:
        sys.exit(f"{' '.join(argv)} --help: status {run.returncode}, {len(run.stdout)} bytes")
    return run.stdout


def man_rows(page):
    """Options and commands that head an entry, and every option the page names anywhere."""
    text = files.read(page)
    items = re.findall(r"^\.It (.*)$", text, re.M)
    options = {name for item in items for name in re.findall(r"^Fl -(\S+)|, Fl -(\S+)", item)
               for name in name if name}
    commands = {m.group(1) for item in items if (m := re.match(r"Cm ([a-z][a-z0-9-]*)", item))}
    named = set(re.findall(r"\bFl -([a-z][a-z0-9-]*)", text))
    return options, commands, named


def compare(page, kind, program, manual, wrong):
    wrong += [f"{page}: no entry for the {kind} {n}" for n in sorted(program - manual)]
    wrong += [f"{page}: {n} is no {kind} of the program" for n in sorted(manual - program)]


def check_opend(program, wrong):
    page = "man/futu-opend.1"
    options = set(OPTION.findall(help_of(program)))
    if not options:
        wrong.append(f"{program} --help shows no option")
    compare(page, "option", options, man_rows(page)[0], wrong)
    return len(options)


def check_console(wrong):
    """Each command heads an entry, and each of its arguments is named in that line."""
    page = "man/futu-console.7"
    rows = {m.group(1): re.findall(r'"(\w+)"', m.group(2))
            for m in CONSOLE_ROW.finditer(files.read(CONSOLE))}
    items = {m.group(1): m.group(0) for m in
             re.finditer(r"^\.It Cm (\w+).*$", files.read(page), re.M)}
    if not rows:
        wrong.append(f"{CONSOLE} has no command")
    compare(page, "console command", set(rows), set(items), wrong)
    for name in rows.keys() & items.keys():
        wrong += [f"{page}: {name} has {arg}, which its entry does not name" for arg in rows[name]
                  if not re.search(rf"\b{arg}\b", items[name], re.I)]
    return len(rows)


def check_cli(program, wrong):
    page = "man/futucli.1"
    text = help_of(program)
    options, commands = set(OPTION.findall(text)), set(COMMAND.findall(text))
    if not commands:
        wrong.append(f"{program} --help shows no command")
    in_man, commands_in_man, named = man_rows(page)
    compare(page, "command", commands, commands_in_man, wrong)
    rows = len(options) + len(commands)
    for command in sorted(commands):
        own = set(OPTION.findall(help_of(program, command))) - options
        wrong += [f"{page}: {command} has --{n}, which is not named" for n in sorted(own - named)]
        options |= {n for n in own if n in in_man}      # entries for options of commands are fine
        rows += len(own)
    compare(page, "option", options, in_man, wrong)
    return rows


def main():
    wrong = []
    rows = check_opend(sys.argv[1], wrong) + check_cli(sys.argv[2], wrong) + check_console(wrong)
    return files.finish("man", wrong, f"{rows} rows of the tables stand in the pages")


if __name__ == "__main__":
    sys.exit(main())
