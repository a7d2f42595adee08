"""What the clients here find: counted as they go, told at the end."""
import sys

passed, failed = 0, []


def check(title, holds):
    global passed
    if holds:
        passed += 1
    else:
        failed.append(title)


def finish(client):
    """Prints what did not hold and `N passed, N failed`; ends the program with 0 or 1."""
    for title in failed:
        print(f"{client}: {title}")
    print(f"{passed} passed, {len(failed)} failed")
    sys.exit(1 if failed else 0)
