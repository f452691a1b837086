#!/usr/bin/env bash
# Installs Lull as a service of this machine, or takes it away again (as root).
#   packaging/install.sh | packaging/install.sh remove
set -euo pipefail
cd "$(dirname "$0")/.."
[[ $(id -u) == 0 ]] || { echo "This installs a service: type  sudo make ${1:+un}install" >&2; exit 1; }
running() { [[ -d /run/systemd/system ]]; }

if [[ ${1:-} == remove ]]; then
    if running; then
        systemctl disable --now lull.service lull-scan.timer || true
    fi
    rm -rf /opt/lull
    rm -f /usr/lib/systemd/system/{lull.service,lull-scan.service,lull-scan.timer,lull-stick@.service}
    rm -f /usr/lib/sysusers.d/lull.conf /usr/lib/udev/rules.d/90-lull-stick.rules
    if running; then systemctl daemon-reload; fi
    echo "Lull is gone. Settings stay in /etc/lull, what it learned in /var/lib/lull."
    exit 0
fi
again=0
if running && systemctl --quiet is-active lull.service; then again=1; fi
# Built beside what is there, which plays on meanwhile: a build takes minutes and may fail.
umask 022
built=$(mktemp -d /opt/.lull-XXXXXX)
trap 'rm -rf "$built"' EXIT
packaging/stage.sh "$built"
if [[ -e /opt/lull ]]; then mv /opt/lull "$built/before"; fi
mv "$built/opt/lull" /opt/lull
cp -R "$built/usr/." /usr
cp -R --no-clobber "$built/etc/." /etc # what is there already is the user's
systemd-sysusers lull.conf
if running; then
    systemctl daemon-reload
    systemctl enable --now lull.service lull-scan.timer
    if ((again)); then systemctl restart lull.service; fi # it still runs what was there before
    echo "Lull plays: systemctl status lull. Name your music and resident in /etc/lull/lull.yaml."
else
    echo "Installed in /opt/lull; systemd does not run here, so nothing was started."
fi
