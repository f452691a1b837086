#!/usr/bin/env bash
# Lays out an installation of this checkout below DESTDIR, which is new or empty.
#   packaging/stage.sh DESTDIR
# PYTHON: the interpreter that the installation will use (default /usr/bin/python3).
set -euo pipefail
cd "$(dirname "$0")/.."
dest=${1:?a folder to lay it out in}
python=${PYTHON:-/usr/bin/python3}
home=/opt/lull

umask 022
install -d "$dest$home" "$dest"/usr/lib/{systemd/system,sysusers.d,udev/rules.d}
"$python" -m venv "$dest$home/venv"
pip=("$dest$home/venv/bin/python" -m pip --quiet --disable-pip-version-check)
"${pip[@]}" install --no-deps --only-binary :all: --require-hashes -r requirements.lock
"${pip[@]}" install --no-deps --no-build-isolation .
"${pip[@]}" uninstall --yes hatchling editables pip setuptools 2>/dev/null || true
# The environment was made elsewhere, and nobody may write byte code into it later.
grep -rlI "^#!$dest$home" "$dest$home/venv/bin" | xargs -r sed -i "1s|^#!$dest|#!|"
sed -i "s|$dest$home|$home|g" "$dest$home/venv/pyvenv.cfg" "$dest$home/venv/bin/activate"*
"$dest$home/venv/bin/python" -m compileall -q --invalidation-mode unchecked-hash -s "$dest" \
    "$dest$home/venv/lib" || true # a few packages carry templates that are no Python
install -m 644 README.md LICENSE "$dest$home/"

install -m 644 systemd/*.service systemd/*.timer "$dest/usr/lib/systemd/system/"
install -m 644 systemd/lull.sysusers "$dest/usr/lib/sysusers.d/lull.conf"
install -m 644 systemd/lull-stick.rules "$dest/usr/lib/udev/rules.d/90-lull-stick.rules"
for file in lull.yaml residents/demo.yaml; do
    install -D -m 644 "config/$file" "$dest/etc/lull/$file"
done
