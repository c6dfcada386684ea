#!/usr/bin/env bash
# A Slurm of one node, this machine, for tests: `slurm.sh start FOLDER` and `slurm.sh stop FOLDER`.
# Needs root and Debian's slurm-wlm and munge. Everything that it writes lies in FOLDER; commands of
# Slurm find it through SLURM_CONF=FOLDER/slurm.conf.
set -euo pipefail
action=${1:?start or stop}
folder=$(realpath -m "${2:?folder}")
export SLURM_CONF=$folder/slurm.conf
socket=$folder/munge/socket

stop() {
    for name in slurmd slurmctld munge/munged; do
        if [ -s "$folder/$name.pid" ]; then kill "$(cat "$folder/$name.pid")" 2>/dev/null || true; fi
    done
}

start() {
    mkdir -p "$folder"/{state,spool,munge}
    chmod 755 "$folder" && chmod 711 "$folder/munge"
    dd if=/dev/urandom of="$folder/munge/key" bs=1 count=1024 status=none
    chmod 600 "$folder/munge/key"
    local memory
    memory=$(awk '/MemTotal/ {print int($2 / 1024)}' /proc/meminfo)
    cat >"$SLURM_CONF" <<CONF
ClusterName=test
SlurmctldHost=$(hostname -s)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$socket
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
SchedulerParameters=sched_interval=1
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
SlurmctldPort=${SLURM_TEST_PORT:-26817}
SlurmdPort=$((${SLURM_TEST_PORT:-26817} + 1))
NodeName=$(hostname -s) NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$memory State=UNKNOWN
PartitionName=test Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
    munged --force --key-file="$folder/munge/key" --socket="$socket" --pid-file="$folder/munge/munged.pid" \
        --log-file="$folder/munge/log" --seed-file="$folder/munge/seed"
    slurmctld
    slurmd
    for _ in $(seq 60); do
        if sinfo --noheader --format=%t 2>/dev/null | grep -q idle; then return; fi
        sleep 1
    done
    echo "Slurm did not start: see the logs in $folder" >&2
    tail -n 20 "$folder"/*.log >&2
    stop
    exit 1
}

"$action"
