// Temporary names: how they are written, and which names are recognised.
#include "apps/server/plan/temporary_name.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace server {
namespace {

TEST(TemporaryNames, have_the_random_bits_in_hexadecimal) {
  EXPECT_STREQ(temporary_name(0x0123456789abcdef).data(), ".quoit-0123456789abcdef.tmp");
  EXPECT_STREQ(temporary_name(0).data(), ".quoit-0000000000000000.tmp");
}

TEST(TemporaryNames, are_recognised_as_a_whole) {
  EXPECT_TRUE(is_temporary(temporary_name(UINT64_MAX).data()));
  for (const std::string_view name :
       {"", ".quoit-", ".quoit-.tmp", ".quoit-0123456789abcde.tmp", ".quoit-0123456789abcdef0.tmp",
        ".quoit-0123456789ABCDEF.tmp", ".quoit-0123456789abcdef", "quoit-0123456789abcdef.tmp",
        ".quoit-0123456789abcdef.tmp~", "x.quoit-0123456789abcdef.tmp"}) {
    EXPECT_FALSE(is_temporary(name)) << name;
  }
}

TEST(UploadNames, have_the_id_and_say_which_they_are) {
  const UploadId id = upload_id(0x0123456789abcdef, 0xfedcba9876543210);
  EXPECT_EQ(id.text(), "0123456789abcdeffedcba9876543210");
  const std::string begin = ".quoit-0123456789abcdeffedcba9876543210";
  const std::vector<std::pair<UploadName, std::string>> names = {
      {UploadName::part, begin + ".part"},
      {UploadName::state, begin + ".state"},
      {UploadName::url, begin + ".upload"}};
  for (const auto& [which, name] : names) {
    EXPECT_STREQ(name_of_upload(id, which).data(), name.c_str());
    EXPECT_FALSE(is_temporary(name));
    for (const auto& [other, text] : names) {
      UploadId read;
      EXPECT_EQ(is_upload_name(text, which, read), other == which) << text;
      EXPECT_EQ(read == id, other == which);
    }
  }
  UploadId unused;
  for (const std::string& name :
       {begin + ".uploads", begin + "0.upload", begin.substr(0, 38) + ".upload", begin,
        std::string(".quoit-0123456789ABCDEFfedcba9876543210.upload"), std::string(),
        "x" + begin + ".upload"}) {
    EXPECT_FALSE(is_upload_name(name, UploadName::url, unused)) << name;
  }
}

}  // namespace
}  // namespace server
