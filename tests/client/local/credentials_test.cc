// The credentials of each URL, from files and from the command line.
#include "apps/client/local/credentials.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "apps/client/command/credentials.h"
#include "tests/support/scratch.h"

namespace client {
namespace {

class Given : public ::testing::Test {
 protected:
  // The value of Authorization for each URL.
  std::vector<std::string> values_for(const std::vector<std::string>& urls) {
    plan_.jobs.clear();
    for (const std::string& url : urls) {
      EXPECT_FALSE(parse_url(url, plan_.jobs.emplace_back().where));
    }
    reason_ = add_credentials(plan_);
    std::vector<std::string> values;
    for (const Job& job : plan_.jobs) values.push_back(job.where.authorization);
    return values;
  }
  using Values = std::vector<std::string>;

  test_support::Scratch scratch_;
  Plan plan_;
  ExitReason reason_;
};

TEST_F(Given, NothingForNoServer) { EXPECT_EQ(values_for({"http://h/a"}), Values{""}); }

TEST_F(Given, AUserForAllServers) {
  plan_.settings.user = "alice:a:b";
  const std::string value = basic_credentials("alice:a:b");
  EXPECT_EQ(values_for({"http://h/a", "http://other/"}), (Values{value, value}));
}

TEST_F(Given, ATokenForAllServers) {
  scratch_.write("token", "abc-_.~+/=\r\nanother line");
  plan_.settings.token_file = scratch_.path("token");
  EXPECT_EQ(values_for({"http://h/a"}), Values{"Bearer abc-_.~+/="});
}

TEST_F(Given, ALoginByHost) {
  scratch_.write("netrc", "machine h login me password secret\nmachine i login you password p\n");
  plan_.settings.uses_netrc = true;
  plan_.settings.netrc_file = scratch_.path("netrc");
  EXPECT_EQ(values_for({"http://h:8080/a", "https://I/", "http://none/"}),
            (Values{basic_credentials("me:secret"), basic_credentials("you:p"), ""}));
  ::setenv("NETRC", scratch_.path("netrc").c_str(), 1);
  plan_.settings.netrc_file = "";
  EXPECT_EQ(values_for({"http://h/a"}), Values{basic_credentials("me:secret")});
  ::unsetenv("NETRC");
}

TEST_F(Given, AUserRatherThanTheLoginOfAFile) {
  scratch_.write("netrc", "machine h login me password secret\n");
  plan_.settings = {.user = "alice:pw", .uses_netrc = true, .netrc_file = scratch_.path("netrc")};
  EXPECT_EQ(values_for({"http://h/a"}), Values{basic_credentials("alice:pw")});
}

TEST_F(Given, AProblemWithAFile) {
  for (const char* content : {"", "\n", "two words\n", "t\x7f\n", "\tx\n", "\xc3\xa4\n"}) {
    scratch_.write("token", content);
    plan_.settings.token_file = scratch_.path("token");
    EXPECT_EQ(values_for({"http://h/a"}), Values{""});
    EXPECT_EQ(code_of(reason_), ExitCode::read_error) << content;
    EXPECT_NE(reason_.text.find(scratch_.path("token")), std::string::npos) << reason_.text;
  }
  plan_.settings.token_file = scratch_.path("missing");
  values_for({"http://h/a"});
  EXPECT_NE(reason_.text.find("No such file"), std::string::npos) << reason_.text;
  plan_.settings.token_file = scratch_.path("");
  values_for({"http://h/a"});
  EXPECT_NE(reason_.text.find("directory"), std::string::npos) << reason_.text;
  plan_.settings.token_file = "/dev/zero";
  values_for({"http://h/a"});
  EXPECT_NE(reason_.text.find("larger than 1 MiB"), std::string::npos) << reason_.text;
}

TEST_F(Given, AUserThatCannotBeSent) {
  plan_.settings.user = "al\nice:pw";
  values_for({"http://h/a"});
  EXPECT_EQ(code_of(reason_), ExitCode::usage);
}

}  // namespace
}  // namespace client
