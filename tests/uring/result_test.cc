// Result and Fault: the name of each errno, and the description of each name.
#include "uring/result.h"

#include <cerrno>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace uring {
namespace {

struct Row {
  int error;
  Fault fault;
};

const std::vector<Row> rows = {
    {0, Fault::none},
    {ECANCELED, Fault::cancelled},
    {ENOBUFS, Fault::no_buffers},
    {ECONNRESET, Fault::peer_gone},
    {EPIPE, Fault::peer_gone},
    {ENOTCONN, Fault::peer_gone},
    {ESHUTDOWN, Fault::peer_gone},
    {ECONNABORTED, Fault::peer_gone},
    {ECONNREFUSED, Fault::refused},
    {EHOSTUNREACH, Fault::unreachable},
    {ENETUNREACH, Fault::unreachable},
    {ENETDOWN, Fault::unreachable},
    {EADDRNOTAVAIL, Fault::unreachable},
    {ETIMEDOUT, Fault::unreachable},
    {ENOENT, Fault::not_found},
    {EEXIST, Fault::exists},
    {EISDIR, Fault::is_directory},
    {ENOTDIR, Fault::not_directory},
    {ENOTEMPTY, Fault::not_empty},
    {EXDEV, Fault::outside},
    {ENAMETOOLONG, Fault::bad_name},
    {ELOOP, Fault::link_loop},
    {EILSEQ, Fault::bad_name},
    {EINVAL, Fault::bad_name},
    {EACCES, Fault::not_allowed},
    {EPERM, Fault::not_allowed},
    {EROFS, Fault::not_allowed},
    {ENXIO, Fault::not_allowed},
    {ENOSPC, Fault::no_space},
    {EDQUOT, Fault::no_space},
    {EFBIG, Fault::too_large},
    {EMFILE, Fault::out_of_descriptors},
    {ENFILE, Fault::out_of_descriptors},
    {ENOMEM, Fault::out_of_memory},
    {EAGAIN, Fault::try_again},
    {EINTR, Fault::try_again},
    {EBUSY, Fault::try_again},
    {ENOSYS, Fault::unsupported},
    {EOPNOTSUPP, Fault::unsupported},
    {EHOSTDOWN, Fault::unreachable},
    {ESTALE, Fault::stale},
    {EIO, Fault::device_error},
    {EREMOTEIO, Fault::device_error},
    {ENODEV, Fault::device_error},
    {ENOMEDIUM, Fault::device_error},
    {EBADF, Fault::other},
    {4095, Fault::other},
};

TEST(Results, NameEveryErrnoThatCallersHandle) {
  for (const Row& row : rows) {
    EXPECT_EQ(fault_of(row.error), row.fault) << "errno " << row.error;
    const Result result{.value = -row.error};
    EXPECT_EQ(result.fault(), row.fault) << "errno " << row.error;
    EXPECT_EQ(result.error(), row.error);
    EXPECT_EQ(result.ok(), row.error == 0);
    EXPECT_EQ(result.count(), 0U);
  }
}

TEST(Results, DescribeEveryFaultDifferently) {
  std::set<std::string> words;
  for (int i = 0; i <= static_cast<int>(Fault::other); ++i) {
    const std::string_view text = describe(static_cast<Fault>(i));
    EXPECT_FALSE(text.empty());
    EXPECT_TRUE(words.insert(std::string(text)).second) << text << " describes two faults";
  }
}

TEST(Results, HaveTheTextOfTheSystem) {
  EXPECT_EQ(error_text(ENOSPC), "No space left on device");
  EXPECT_NE(error_text(123456).find("123456"), std::string::npos);
}

TEST(Results, CountBytesWithoutAnError) {
  const Result result{.value = 42};
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(result.count(), 42U);
  EXPECT_EQ(result.error(), 0);
  EXPECT_EQ(result.fault(), Fault::none);
  EXPECT_EQ(result.buffer, no_buffer);
  EXPECT_FALSE(result.more);
}

}  // namespace
}  // namespace uring
