// The files that the cases ask for: 1k, 100k, 10m, 256m, ten thousand of 4 KiB under f/, and an
// empty folder put/ for uploads. Tried by ./dev bench.
#pragma once

#include <string>

namespace load {

// Makes them in `root`, an existing folder. Returns the exit status.
int make_site(const std::string& root);

// Makes one file of `bytes` bytes and sees that the disk has it, so that it can be forgotten.
int make_cold_file(const std::string& path, unsigned long bytes);

}  // namespace load
