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
    rm -rf /opt/lull /usr/lib/sysusers.d/lull.conf
    rm -f /usr/lib/systemd/system/lull.service /usr/lib/systemd/system/lull-scan.{service,timer}
    if running; then systemctl daemon-reload; fi
    echo "Lull is gone. Settings stay in /etc/lull, what it learned in /var/lib/lull."
    exit 0
fi
again=0
if running && systemctl --quiet is-active lull.service; then again=1; fi
packaging/stage.sh
systemd-sysusers lull.conf
if running; then
    systemctl daemon-reload
    systemctl enable --now lull.service lull-scan.timer
    if ((again)); then systemctl restart lull.service; fi # it still runs what was there before
    echo "Lull plays: systemctl status lull. Name your music and resident in /etc/lull/lull.yaml."
else
    echo "Installed in /opt/lull; systemd does not run here, so nothing was started."
fi
