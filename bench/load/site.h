// The files that the cases request: 1k, 100k, 10m, 256m, ten thousand of 4 KiB under f/, and an
// empty folder put/ for uploads. Tried by ./dev bench.
#pragma once

#include <string>

namespace load {

// Creates them in `root`, an existing folder. Returns the exit status.
int make_site(const std::string& root);

// Creates a file of `bytes` bytes and syncs it to the disk, so that the page cache can drop it.
int make_cold_file(const std::string& path, unsigned long bytes);

}  // namespace load
