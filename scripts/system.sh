#!/bin/sh
# Installs parts of the system with its package manager, where this user may; says in one line what it did not do and
# goes on. Without arguments: a Chromium and a font with Cyrillic letters, which the tests of pages need, and OpenSSL's
# GOST engine, which real signatures need.
#
# SOCERT_CHROMIUM  path of a Chromium or Chrome that is here already
set -u

say() { echo "system: $*"; }

have_chromium() {
    [ -n "${SOCERT_CHROMIUM:-}" ] && [ -x "$SOCERT_CHROMIUM" ] && return 0
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    return 1
}

have_gost() {
    for place in /usr/lib/engines-*/gost.so /usr/lib64/engines-*/gost.so /usr/lib/*/engines-*/gost.so; do
        [ -e "$place" ] && return 0
    done
    return 1
}

# Apart from each other, so that one that cannot be had does not keep the other away.
if [ "$#" -eq 0 ]; then
    have_chromium || sh "$0" chromium fonts-dejavu-core
    have_gost || sh "$0" libengine-gost-openssl
    exit 0
fi

if ! command -v apt-get >/dev/null 2>&1; then
    say "there is no apt-get here, so install by hand: $*"
    exit 0
fi
if [ "$(id -u)" -eq 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    say "not root and no sudo without a password, so install by hand: apt-get install $*"
    exit 0
fi

log=$(mktemp)
say "installing $*"
# The list of packages may be missing or old on a new machine; a failed update is no reason not to try.
$as_root apt-get update -qq >"$log" 2>&1 || true
if ! $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >>"$log" 2>&1; then
    say "apt-get could not install $*: $(grep -m1 '^E:' "$log" || tail -n 1 "$log")"
fi
rm -f "$log"
