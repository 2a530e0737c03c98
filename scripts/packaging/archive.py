"""Files by path as a .tar.gz: sorted, owned by root, all of one time."""

import gzip
import io
import tarfile


def write_tar_gz(path, files, epoch, level):
    folders = {
        "/".join(parts[:count])
        for parts in (name.split("/") for name in files)
        for count in range(1, len(parts))
    }
    with open(path, "wb") as out, gzip.GzipFile("", "wb", level, out, mtime=epoch) as packed:
        # The reader of old systems has no pax; no name is long enough to need it.
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for name in sorted(folders | set(files)):
                member = tarfile.TarInfo(name)
                member.mtime = epoch
                member.uname = member.gname = "root"
                if name in folders:
                    member.type, member.mode = tarfile.DIRTYPE, 0o755
                    tar.addfile(member)
                else:
                    member.mode, member.size = files[name].mode, len(files[name].content)
                    tar.addfile(member, io.BytesIO(files[name].content))
