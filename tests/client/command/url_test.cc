// URLs as people type them, their parts, and the file names made from them.
#include "apps/client/command/url.h"

#include <vector>

#include <gtest/gtest.h>

namespace client {
namespace {

Url located(std::string_view text) {
  Url url;
  const ExitReason reason = parse_url(text, url);
  EXPECT_FALSE(reason) << text << ": " << reason.text;
  return url;
}

TEST(Url, ReadsUrlsAsPeopleTypeThem) {
  struct Row {
    std::string_view typed, authority, target;
  };
  const std::vector<Row> rows = {
      {"http://example.org/a", "example.org", "/a"},
      {"HTTP://example.org/a", "example.org", "/a"},
      {"example.org", "example.org", "/"},
      {"example.org:80/", "example.org", "/"},
      {"example.org:8080/a?b=c", "example.org:8080", "/a?b=c"},
      {"localhost:8080", "localhost:8080", "/"},
      {"http://[::1]:8080/x", "[::1]:8080", "/x"},
      {"[::1]/x", "[::1]", "/x"},
      {"http://u:p@example.org/", "example.org", "/"},
      {"example.org/a#part", "example.org", "/a"},
      {"example.org?q", "example.org", "/?q"},
      {"example.org/two words.txt", "example.org", "/two%20words.txt"},
      {"example.org/k\xc3\xa4se", "example.org", "/k%C3%A4se"},
      {"example.org/100%", "example.org", "/100%25"},
      {"example.org/a%20b", "example.org", "/a%20b"},
      {"example.org/go?to=http://other/", "example.org", "/go?to=http://other/"},
  };
  for (const Row& row : rows) {
    const Url url = located(row.typed);
    EXPECT_EQ(url.authority(), row.authority) << row.typed;
    EXPECT_EQ(url.target(), row.target) << row.typed;
  }
}

TEST(Url, RefusesTextThatIsNotAUrl) {
  struct Row {
    std::string_view typed;
    ExitCode code;
  };
  const std::vector<Row> rows = {
      {"", ExitCode::bad_url},
      {"http://", ExitCode::bad_url},
      {"http:///a", ExitCode::bad_url},
      {"http://host:99999/", ExitCode::bad_url},
      {"http:/host/x", ExitCode::bad_url},
      {"http:host/x", ExitCode::bad_url},
      {"HTTPS:/host/x", ExitCode::bad_url},
      {"http:", ExitCode::bad_url},
      {"http://ho st/", ExitCode::bad_url},
      {"http://host/a\nb", ExitCode::bad_url},
      {"ftp://host/", ExitCode::unsupported_scheme},
  };
  for (const Row& row : rows) {
    Url url;
    const ExitReason reason = parse_url(row.typed, url);
    EXPECT_EQ(code_of(reason), row.code) << row.typed;
    EXPECT_EQ(reason.text.find('\n'), std::string::npos) << "a reason is one line";
  }
}

TEST(Url, SaysThatTheSlashesAreMissing) {
  Url url;
  EXPECT_EQ(parse_url("http:/h/x", url).text,
            "'http:/h/x' is not a URL: two slashes belong behind the scheme; write "
            "http://HOST:PORT/PATH");
}

TEST(Url, SuggestsASchemeForAMistypedOne) {
  struct Row {
    std::string_view typed, advice;
  };
  for (const Row& row : {Row{"htp://h/x", "did you mean http://h/x?"},
                         Row{"htttp://me:secret@h", "did you mean http://h?"},
                         Row{"ttp://h", "did you mean http://h?"},
                         Row{"hhtp://h:1/a b", "did you mean http://h:1/a b?"},
                         Row{"htps://h/x", "did you mean https://h/x?"},
                         Row{"httpss://h/x", "did you mean https://h/x?"},
                         Row{"ftp://h/x", "quoit supports no other scheme"},
                         Row{"file:///x", "quoit supports no other scheme"}}) {
    Url url;
    const ExitReason reason = parse_url(row.typed, url);
    EXPECT_EQ(code_of(reason), ExitCode::unsupported_scheme) << row.typed;
    EXPECT_TRUE(
        reason.text.ends_with("is not an http:// or https:// URL; " + std::string(row.advice)))
        << reason.text;
  }
}

TEST(Url, SaysWhichPartOfTheAuthorityIsNotValid) {
  struct Row {
    std::string_view typed, problem;
  };
  const std::vector<Row> rows = {
      {"http://h:99999/", "its port is not a number from 1 to 65535; write http://HOST:PORT/PATH"},
      {"http://h:http/", "its port is not a number from 1 to 65535"},
      {"http://me@[::1]:70000/", "its port is not a number from 1 to 65535"},
      {"http://:80/", "it names no host"},
      {"http:///a", "it names no host"},
      {"http://h:0/", "its port is not a number from 1 to 65535"},
      {"http://ho st:80/", "its host is not valid: it has a space"},
      {" http://h/", "its host is not valid: it has a space"},
      {"http://h\\a", "its host is not valid: a path begins with /"},
      {"http://h:80\\a", "its host is not valid: a path begins with /"},
      {"http://b\xc3\xbc"
       "cher/",
       "its host is not valid: a name with letters beyond ASCII"},
      {"http://[::1/", "its host is not valid: an IPv6 address stands in brackets"},
      {"http://::1/", "its host is not valid: an IPv6 address stands in brackets"},
      {"fe80::1", "its host is not valid: an IPv6 address stands in brackets"},
      {"http//h/x", "a colon belongs behind the scheme"},
      {"HTTPS//h", "a colon belongs behind the scheme"},
  };
  for (const Row& row : rows) {
    Url url;
    const ExitReason reason = parse_url(row.typed, url);
    EXPECT_EQ(code_of(reason), ExitCode::bad_url) << row.typed;
    const std::string expected = "' is not a URL: " + std::string(row.problem);
    EXPECT_NE(reason.text.find(expected), std::string::npos) << reason.text;
  }
}

TEST(Url, NeverShowsThePassword) {
  EXPECT_EQ(located("http://me:secret@host:1/a").text(), "http://host:1/a");
  Url url;
  const ExitReason reason = parse_url("ftp://me:secret@host/a@b", url);
  EXPECT_EQ(reason.text.find("secret"), std::string::npos) << reason.text;
  EXPECT_NE(reason.text.find("ftp://host/a@b"), std::string::npos) << reason.text;
}

TEST(Url, NamesFilesAfterTheLastSegment) {
  struct Row {
    std::string_view url;
    std::optional<std::string> name;
  };
  const std::vector<Row> rows = {
      {"h/a.txt", "a.txt"},
      {"h/dir/b.txt?version=2", "b.txt"},
      {"h/", "index.html"},
      {"h", "index.html"},
      {"h/dir/", "index.html"},
      {"h/two%20words", "two words"},
      {"h/k%C3%A4se", "k\xc3\xa4se"},
      {"h/.hidden", ".hidden"},
      {"h/...", "..."},
      {"h/100%", "100%"},
      {"h/..", std::nullopt},
      {"h/%2e%2E", std::nullopt},
      {"h/.", std::nullopt},
      {"h/a%2Fb", std::nullopt},
      {"h/..%2fetc%2fpasswd", std::nullopt},
      {"h/a%00b", std::nullopt},
      {"h/a%1B[31m", std::nullopt},
      {"h/a%7f", std::nullopt},
  };
  for (const Row& row : rows) EXPECT_EQ(file_name_of(located(row.url)), row.name) << row.url;
  EXPECT_EQ(file_name_of(located("h/" + std::string(256, 'a'))), std::nullopt);
  EXPECT_EQ(file_name_of(located("h/" + std::string(255, 'a'))), std::string(255, 'a'));
}

TEST(Url, AddsANameOnlyToADirectory) {
  Url directory = located("h/in/?q");
  complete_with_name(directory, "two words?#%.txt");
  EXPECT_EQ(directory.target(), "/in/two%20words%3F%23%25.txt?q");
  Url file = located("h/in");
  complete_with_name(file, "a.txt");
  EXPECT_EQ(file.target(), "/in");
}

TEST(Url, ResolvesRedirects) {
  struct Row {
    std::string_view reference, result;
  };
  // RFC 3986 5.4.1 and 5.4.2, and relative references of Location fields.
  const std::vector<Row> rows = {
      {"http://other:81/x", "http://other:81/x"},
      {"//other/x", "http://other/x"},
      {"/x", "http://h:8080/x"},
      {"x", "http://h:8080/b/c/x"},
      {"./x", "http://h:8080/b/c/x"},
      {"x/", "http://h:8080/b/c/x/"},
      {"?y", "http://h:8080/b/c/d?y"},
      {"x?y#s", "http://h:8080/b/c/x?y"},
      {"", "http://h:8080/b/c/d?q"},
      {"#s", "http://h:8080/b/c/d?q"},
      {".", "http://h:8080/b/c/"},
      {"..", "http://h:8080/b/"},
      {"../x", "http://h:8080/b/x"},
      {"../../../../x", "http://h:8080/x"},
      {"/./x", "http://h:8080/x"},
      {"x/./y/../z", "http://h:8080/b/c/x/z"},
      {"a b", "http://h:8080/b/c/a%20b"},
  };
  const Url base = located("http://h:8080/b/c/d?q");
  for (const Row& row : rows) {
    Url result;
    EXPECT_FALSE(resolve(base, row.reference, result)) << row.reference;
    EXPECT_EQ(result.text(), row.result) << row.reference;
  }
}

TEST(Url, KnowsHttps) {
  Url url = located("https://h/a");
  EXPECT_TRUE(url.is_secure);
  EXPECT_EQ(url.port, 443);
  EXPECT_EQ(url.authority(), "h");
  EXPECT_EQ(url.server(), "h:443");
  EXPECT_EQ(url.origin(), "https://h:443");
  EXPECT_EQ(url.text(), "https://h/a");
  EXPECT_EQ(located("https://h:80/").authority(), "h:80");
  EXPECT_EQ(located("http://h:443/").authority(), "h:443");
  EXPECT_NE(located("http://h:443/").origin(), located("https://h/").origin());
}

// A reference without a scheme stays with that of the request.
TEST(Url, ResolvesReferencesOfHttps) {
  const Url base = located("https://h:8443/a/b");
  const std::array<std::array<std::string_view, 2>, 4> rows = {{{"c", "https://h:8443/a/c"},
                                                                {"//g/c", "https://g/c"},
                                                                {"http://h/c", "http://h/c"},
                                                                {"?q", "https://h:8443/a/b?q"}}};
  for (const auto& [reference, text] : rows) {
    Url result;
    EXPECT_FALSE(resolve(base, reference, result)) << reference;
    EXPECT_EQ(result.text(), text);
  }
}

TEST(Url, FollowsNoRedirectToAnotherScheme) {
  const Url base = located("http://h/");
  for (const char* reference : {"ftp://h/", "file:///etc/passwd", "mailto:me", "javascript:x"}) {
    Url result;
    EXPECT_EQ(code_of(resolve(base, reference, result)), ExitCode::unsupported_scheme) << reference;
  }
}

TEST(Url, ReadsHostAndPortGivenSeparately) {
  struct Row {
    std::string_view host, port, path, result;
  };
  const std::vector<Row> rows = {
      {"127.0.0.1", "8080", "/a.txt", "http://127.0.0.1:8080/a.txt"},
      {"localhost", "80", "a.txt", "http://localhost/a.txt"},
      {"::1", "8080", "/a", "http://[::1]:8080/a"},
      {"[::1]", "8080", "/a", "http://[::1]:8080/a"},
  };
  for (const Row& row : rows) {
    Url result;
    EXPECT_FALSE(parse_host_port(row.host, row.port, row.path, result)) << row.host;
    EXPECT_EQ(result.text(), row.result);
  }
  Url result;
  EXPECT_EQ(code_of(parse_host_port("h", "port", "/a", result)), ExitCode::bad_url);
}

TEST(Url, FindsTheLocalFileOfAPath) {
  EXPECT_EQ(local_path_of(located("h/client-text.txt")), "client-text.txt");
  EXPECT_EQ(local_path_of(located("h/dir/a%20b")), "dir/a b");
  EXPECT_EQ(local_path_of(located("h/dir/../a")), "a");
  EXPECT_EQ(local_path_of(located("h/")), std::nullopt);
  EXPECT_EQ(local_path_of(located("h/dir/")), std::nullopt);
  EXPECT_EQ(local_path_of(located("h/../a")), std::nullopt);
}

}  // namespace
}  // namespace client
