// private_mounts: mounts that only this test and the programs that it starts see.
//
// Needs the right to mount, as root has it; the caller skips its test elsewhere. Covered by the
// tests that use it.
#pragma once

#include <sched.h>
#include <string>
#include <sys/mount.h>
#include <utility>

namespace test_support {

// Gives the calling thread, and programs that it starts afterwards, a mount table of their own.
// False: that is not permitted.
inline bool enter_private_mounts() {
  return ::unshare(CLONE_NEWNS) == 0 &&
         ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

// Mounts a file system in memory over a directory, with options such as "size=8M"; the destructor
// unmounts it, even if it is in use.
class MountedMemory {
 public:
  explicit MountedMemory(std::string directory, const char* options = "size=64M")
      : directory_(std::move(directory)),
        is_mounted_(::mount("tmpfs", directory_.c_str(), "tmpfs", 0, options) == 0) {}
  ~MountedMemory() { unmount(MNT_DETACH); }
  MountedMemory(const MountedMemory&) = delete;
  MountedMemory& operator=(const MountedMemory&) = delete;

  bool ok() const { return is_mounted_; }
  // False: it is in use, and the flags do not contain MNT_DETACH.
  bool unmount(int flags = 0) {
    if (is_mounted_ && ::umount2(directory_.c_str(), flags) != 0) return false;
    is_mounted_ = false;
    return true;
  }

 private:
  std::string directory_;
  bool is_mounted_;
};

}  // namespace test_support
