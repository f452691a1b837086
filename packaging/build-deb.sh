#!/usr/bin/env bash
# Builds build/lull_VERSION_ARCH.deb out of this checkout: the interpreter is Debian's, all else is inside.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-/usr/bin/python3}
root=$PWD/build/deb
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml | head -1)
arch=$(dpkg --print-architecture)
minor=$("$python" -c 'import sys; print(sys.version_info.minor)')

rm -rf "$root"
mkdir -p "$root"
PYTHON=$python packaging/stage.sh "$root"
install -d "$root/DEBIAN"
cat >"$root/DEBIAN/control" <<CONTROL
Package: lull
Version: $version
Architecture: $arch
Maintainer: The Lull authors <lull@localhost>
Section: sound
Priority: optional
Installed-Size: $(du -ks --exclude=DEBIAN "$root" | cut -f1)
Depends: python3 (>= 3.$minor), python3 (<< 3.$((minor + 1))), libportaudio2, mosquitto, util-linux
Recommends: libasound2-plugins, libvlc5, vlc-plugin-base, timidity, timgm6mb-soundfont
Suggests: vlc-plugin-samba
Description: adaptive bedside music player for people living with dementia
 Lull plays a resident's own, familiar music, listens to sensors and buttons over
 MQTT, and moves to calmer music when the resident grows restless.
CONTROL
(cd "$root" && find etc -type f -printf '/%p\n') >"$root/DEBIAN/conffiles"
cat >"$root/DEBIAN/postinst" <<'SCRIPT'
#!/bin/sh
set -e
if [ "$1" = configure ]; then
    systemd-sysusers lull.conf || true
    if [ -d /run/systemd/system ]; then
        systemctl daemon-reload
        systemctl enable --now lull.service lull-scan.timer
        [ -z "$2" ] || systemctl restart lull.service
    fi
fi
SCRIPT
cat >"$root/DEBIAN/prerm" <<'SCRIPT'
#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
    systemctl disable --now lull.service lull-scan.timer || true
fi
SCRIPT
cat >"$root/DEBIAN/postrm" <<'SCRIPT'
#!/bin/sh
set -e
if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
# What was learned about a person goes only when that is asked for.
if [ "$1" = purge ]; then rm -rf /var/lib/lull /etc/lull; fi
SCRIPT
chmod 755 "$root"/DEBIAN/{postinst,prerm,postrm}
dpkg-deb --root-owner-group -Zxz -z1 --build "$root" build
echo "build/lull_${version}_$arch.deb: apt-get install ./build/lull_${version}_$arch.deb"
