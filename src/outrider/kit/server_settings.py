"""The embedded server's settings, sized by what the machine, or the container around us, can carry.

Pure: writes nothing.
"""

from pathlib import Path

import psutil

CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def memory() -> int:
    """Return the memory that we may use, in megabytes: the machine's, or the container's if that is less."""
    limits = [psutil.virtual_memory().total]
    for path in CGROUP_LIMITS:
        try:
            limits.append(int(path.read_text()))
        except (OSError, ValueError):  # no such file, or 'max'
            continue
    return min(limits) // 2**20


def quoted(text: str) -> str:
    """Return a string as postgresql.conf writes one."""
    return "'" + text.replace("'", "''") + "'"


def lines(socket_folder: Path, free_bytes: int) -> dict[str, str]:
    """Return {setting: value as it stands in postgresql.conf} for a socket in that folder and a disk with that much
    room.
    """
    megabytes = memory()
    return {
        "listen_addresses": "''",
        "unix_socket_directories": quoted('"' + str(socket_folder).replace('"', '""') + '"'),
        "unix_socket_permissions": "0700",
        "shared_preload_libraries": "'pg_stat_statements'",
        "shared_buffers": f"{max(64, min(1024, megabytes // 8))}MB",
        "effective_cache_size": f"{max(256, megabytes // 2)}MB",
        "work_mem": f"{max(8, min(64, megabytes // 256))}MB",
        "maintenance_work_mem": f"{max(64, min(256, megabytes // 16))}MB",
        "max_locks_per_transaction": "256",  # a statement over a partitioned table locks each partition and each of its indexes
        "max_wal_size": f"{max(256, min(4096, free_bytes // 2**20 // 8))}MB",
        "wal_buffers": "16MB",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        "jit": "off",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "log_min_messages": "warning",
        "log_parameter_max_length_on_error": "0",
        "log_min_error_statement": "panic",  # statements hold people's addresses: errors are logged without them
    }
