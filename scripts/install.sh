#!/bin/sh
# Makes .venv beside this folder and puts in it exactly what requirements.lock names, each file checked by its hash,
# then the project itself in editable form. Run by `make install`; running it again when nothing changed does nothing.
#
# PYTHON     an interpreter to use (default: the first one found that is new enough)
# INSTALLER  uv or pip (default: uv where it can be had, else pip)
set -eu

OLDEST="3.11"
cd "$(dirname "$0")/.."
STAMP=.venv/installed

say() { echo "install: $*"; }
fail() { echo "install: $*" >&2; exit 1; }

new_enough() {
    "$1" -c "import sys; sys.exit(sys.version_info < tuple(map(int, '$OLDEST'.split('.'))))" >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        new_enough "$PYTHON" || fail "PYTHON=$PYTHON is not a Python $OLDEST or newer."
        command -v "$PYTHON"
        return
    fi
    for candidate in python3 python3.13 python3.12 python3.11 python3.14 python; do
        if new_enough "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    fail "no Python $OLDEST or newer was found. Install one, or name it: make install PYTHON=/path/to/python3"
}

# The same key means the same files and the same project description: nothing to do.
key_of() {
    "$1" - requirements.lock pyproject.toml scripts/install.sh <<'PYTHON_END'
import hashlib, pathlib, sys
print(sys.version_info[:2], *(hashlib.sha256(pathlib.Path(name).read_bytes()).hexdigest() for name in sys.argv[1:]))
PYTHON_END
}

working_uv() { command -v uv >/dev/null 2>&1 && uv --version >/dev/null 2>&1; }

make_venv() {
    say "making .venv with $1"
    rm -rf .venv
    if [ "${INSTALLER:-uv}" = uv ] && working_uv; then
        uv venv --quiet --no-project --python "$1" .venv
        return
    fi
    "$1" -m venv .venv && return
    # Debian and Ubuntu ship venv apart from Python itself.
    sh scripts/system.sh python3-venv
    rm -rf .venv
    "$1" -m venv .venv || fail "$1 cannot make a virtual environment: install its venv module (python3-venv)."
}

# uv is fetched like everything else: at the version and with the hashes that the lock names.
fetch_uv() {
    awk '/^uv==/ { on = 1 } on { print } on && !/\\$/ { exit }' requirements.lock > .venv/uv.txt
    .venv/bin/python -m pip install --quiet --require-hashes --no-deps -r .venv/uv.txt >/dev/null 2>&1
}

choose_installer() {
    case "${INSTALLER:-}" in
        pip) echo pip ;;
        uv | "")
            if working_uv; then command -v uv
            elif [ -x .venv/bin/uv ] || fetch_uv; then echo .venv/bin/uv
            elif [ "${INSTALLER:-}" = uv ]; then fail "INSTALLER=uv, but uv is not here and cannot be fetched."
            else echo pip
            fi ;;
        *) fail "INSTALLER must be uv or pip, not '$INSTALLER'." ;;
    esac
}

install_all() {
    # The project is built by the hatchling that the lock has already brought, so nothing unhashed is ever fetched.
    if [ "$1" = pip ]; then
        [ -x .venv/bin/pip ] || .venv/bin/python -m ensurepip --default-pip >/dev/null
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation -e .
    else
        "$1" pip install --quiet --python .venv/bin/python --require-hashes -r requirements.lock
        "$1" pip install --quiet --python .venv/bin/python --offline --no-deps --no-build-isolation -e .
    fi
}

main() {
    if [ -x .venv/bin/python ] && new_enough .venv/bin/python; then
        key=$(key_of .venv/bin/python)
        if [ -f "$STAMP" ] && [ "$(cat "$STAMP")" = "$key" ]; then
            touch "$STAMP"
            return
        fi
    else
        python=$(find_python)
        make_venv "$python"
        key=$(key_of .venv/bin/python)
    fi
    installer=$(choose_installer)
    say "installing what requirements.lock names with $installer"
    install_all "$installer"
    echo "$key" > "$STAMP"
    say "done: .venv/bin/socert --help"
}

main
