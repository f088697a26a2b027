// Names and passwords by host.
#include "apps/client/command/netrc.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace client {
namespace {

std::string found(std::string_view netrc, std::string_view host) {
  const std::optional<Login> login = find_login(netrc, host);
  return login ? login->name + "/" + login->password : "none";
}

TEST(Netrc, HasALoginForAHost) {
  struct Row {
    std::string_view netrc;
    std::string_view login;
  };
  const std::vector<Row> rows = {
      {"", "none"},
      {"machine h login me password secret\n", "me/secret"},
      {"machine h\n  login me\n\tpassword secret", "me/secret"},
      {"machine H password secret login me\r\n", "me/secret"},
      {"machine other login you password p\nmachine h login me password secret\n", "me/secret"},
      {"machine h login first password 1\nmachine h login second password 2\n", "first/1"},
      {"machine h login me account ignored password secret\n", "me/secret"},
      {"machine h login me\n", "me/"},
      {"machine h password secret\n", "/secret"},
      {"machine h\n", "none"},
      {"machine", "none"},
      {"machine h login", "none"},
      {"login me password secret\n", "none"},
      {"machine other login you password p\n", "none"},
  };
  for (const Row& row : rows) EXPECT_EQ(found(row.netrc, "h"), row.login) << row.netrc;
}

TEST(Netrc, HasADefaultForAllOtherHosts) {
  EXPECT_EQ(found("machine a login x password 1\ndefault login y password 2\n", "h"), "y/2");
  EXPECT_EQ(found("default login y password 2\nmachine h login x password 1\n", "h"), "y/2");
  EXPECT_EQ(found("machine h login x password 1\ndefault login y password 2\n", "h"), "x/1");
}

TEST(Netrc, TakesKeywordsAsValuesBehindKeywords) {
  EXPECT_EQ(found("machine h login machine password default\n", "h"), "machine/default");
  EXPECT_EQ(found("machine machine login a password b\n", "h"), "none");
}

TEST(Netrc, MayQuoteWords) {
  EXPECT_EQ(found(R"(machine "h" login "a b" password "c\"d\\e #")", "h"), R"(a b/c"d\e #)");
  EXPECT_EQ(found(R"(machine h login me password "never closed)", "h"), "me/never closed");
  EXPECT_EQ(found(R"(machine h login me password a"b)", "h"), R"(me/a"b)");
}

TEST(Netrc, SkipsCommentsAndMacros) {
  EXPECT_EQ(found("# machine h login no password no\nmachine h login me password #hash\n", "h"),
            "me/#hash");
  EXPECT_EQ(found("  # machine h login no\n machine h login me password p # a word\n", "h"),
            "me/p");
  EXPECT_EQ(found("macdef init\nmachine h login no\n\nmachine h login me password p\n", "h"),
            "me/p");
}

}  // namespace
}  // namespace client
