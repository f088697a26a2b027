// Refusal: the advice for each error names its cause and the remedy, in one line.
#include "uring/refusal.h"

#include <cerrno>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace uring {
namespace {

TEST(Refusals, AreExplainedInOneLineWithTheRemedy) {
  struct Row {
    int error;
    const char* says;
  };
  for (const Row& row :
       {Row{ENOSYS, "io_uring"}, Row{EINVAL, "Linux 5.19 or later"}, Row{ENOMEM, "ulimit -l"},
        Row{EMFILE, "ulimit -n"}, Row{ENFILE, "ulimit -n"}, Row{EIO, "Input/output error"}}) {
    const std::string text = explain_refusal(row.error);
    EXPECT_NE(text.find(row.says), std::string::npos) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
  }
}

TEST(Refusals, OfAForbiddenRingNameTheSysctlOrTheSeccompProfile) {
  std::ifstream file("/proc/sys/kernel/io_uring_disabled");
  std::string disabled;
  std::getline(file, disabled);
  const bool by_sysctl = disabled == "1" || disabled == "2";
  const std::string text = explain_refusal(EPERM);
  const char* const cause = by_sysctl ? "kernel.io_uring_disabled=0" : "seccomp profile";
  EXPECT_NE(text.find(cause), std::string::npos) << text;
  EXPECT_EQ(text.find('\n'), std::string::npos) << text;
}

}  // namespace
}  // namespace uring
