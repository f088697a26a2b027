// Arguments become jobs with URLs and file names.
#include "apps/client/command/plan.h"

#include <gtest/gtest.h>

namespace client {
namespace {

Plan planned(const Arguments& arguments) {
  Plan plan;
  const ExitReason reason = make_plan(arguments, plan);
  EXPECT_FALSE(reason) << reason.text;
  return plan;
}

ExitCode refused(const Arguments& arguments) {
  Plan plan;
  return code_of(make_plan(arguments, plan));
}

TEST(Plan, NamesEachFileAfterItsUrl) {
  const Plan plan = planned({.verb = Verb::get, .urls = {"h/a.txt", "h/b/"}});
  ASSERT_EQ(plan.jobs.size(), 2U);
  EXPECT_EQ(plan.jobs[0].file, "a.txt");
  EXPECT_EQ(plan.jobs[1].file, "index.html");
}

TEST(Plan, NamesFilesInADirectoryAfterTheirUrls) {
  const Plan plan = planned({.urls = {"h/x/a", "h/"}, .file = "d/"});
  ASSERT_EQ(plan.jobs.size(), 2U);
  EXPECT_EQ(plan.jobs[0].file, "d/a");
  EXPECT_EQ(plan.jobs[1].file, "d/index.html");
  EXPECT_EQ(refused({.urls = {"h/.."}, .file = "d/"}), ExitCode::usage);
}

TEST(Plan, RefusesTwoDownloadsIntoOneFile) {
  EXPECT_EQ(refused({.urls = {"h/a/f", "h/b/f"}}), ExitCode::usage);
  EXPECT_EQ(refused({.urls = {"h/f?1", "h/f?2"}}), ExitCode::usage);
  EXPECT_EQ(refused({.urls = {"h/f", "h/%66"}, .file = "d/"}), ExitCode::usage);
  EXPECT_EQ(refused({.urls = {"h/a/f", "h/b/f"}, .file = "f"}), ExitCode::usage);
  EXPECT_EQ(planned({.urls = {"h/a/f", "h/b/f"}, .file = "-"}).jobs.size(), 2U);
  EXPECT_EQ(planned({.verb = Verb::remove, .urls = {"h/f", "h/f"}}).jobs.size(), 2U);
}

TEST(Plan, StoresEachOfSeveralFilesInADirectory) {
  const Plan plan = planned({.verb = Verb::put, .urls = {"h/in/"}, .inputs = {"a", "d/b"}});
  ASSERT_EQ(plan.jobs.size(), 2U);
  EXPECT_EQ(plan.jobs[0].where.target(), "/in/a");
  EXPECT_EQ(plan.jobs[1].where.target(), "/in/b");
  EXPECT_EQ(plan.jobs[1].file, "d/b");
  EXPECT_EQ(refused({.verb = Verb::put, .urls = {"h/in"}, .inputs = {"a", "b"}}), ExitCode::usage);
  EXPECT_EQ(refused({.verb = Verb::put, .urls = {"h/in/"}, .inputs = {"a", "d/a"}}),
            ExitCode::usage);
}

TEST(Plan, PrintsOneBodyAfterTheOther) {
  const Settings eight{.parallel = 8, .events = Events::standard_output};
  const Plan saved = planned({.urls = {"h/a", "h/b"}, .settings = eight});
  EXPECT_EQ(saved.settings.parallel, 8U);
  EXPECT_EQ(saved.settings.events, Events::standard_output);
  const Plan printed = planned({.urls = {"h/a", "h/b"}, .file = "-", .settings = eight});
  EXPECT_EQ(printed.settings.parallel, 1U);
  EXPECT_EQ(printed.settings.events, Events::standard_error);
  EXPECT_EQ(planned({.verb = Verb::head, .urls = {"h/a"}, .settings = eight}).settings.events,
            Events::standard_error);
}

TEST(Plan, UsesTheNameThatWasGiven) {
  EXPECT_EQ(planned({.urls = {"h/a.txt"}, .file = "b.txt"}).jobs[0].file, "b.txt");
  const Plan both = planned({.urls = {"h/a", "h/b"}, .file = "-"});
  EXPECT_EQ(both.jobs[0].file, "-");
  EXPECT_EQ(both.jobs[1].file, "-");
  EXPECT_EQ(refused({.urls = {"h/a", "h/b"}, .file = "one"}), ExitCode::usage);
}

TEST(Plan, ComparesFilesWithADigest) {
  const std::string hex(64, 'a');
  const std::string with_hex = "sha-256=" + hex;
  EXPECT_FALSE(planned({.urls = {"h/a"}}).settings.verifies);
  const Settings asked = planned({.urls = {"h/a", "h/b"}, .verify = "sha-256"}).settings;
  EXPECT_TRUE(asked.verifies);
  EXPECT_FALSE(asked.expected_digest);
  const Settings given = planned({.urls = {"h/a"}, .verify = with_hex}).settings;
  ASSERT_TRUE(given.expected_digest);
  EXPECT_EQ(hex_text(*given.expected_digest), hex);
  EXPECT_EQ(refused({.urls = {"h/a"}, .verify = "md5"}), ExitCode::usage);
  EXPECT_EQ(refused({.urls = {"h/a"}, .verify = "sha-256="}), ExitCode::usage);
  EXPECT_EQ(refused({.urls = {"h/a"}, .verify = "sha-256-" + hex}), ExitCode::usage);
  EXPECT_EQ(refused({.urls = {"h/a", "h/b"}, .verify = with_hex}), ExitCode::usage);
  EXPECT_EQ(refused({.urls = {"h/a"}, .verify = with_hex, .settings = {.is_recursive = true}}),
            ExitCode::usage);
  EXPECT_EQ(refused({.verb = Verb::put, .urls = {"h/a"}, .inputs = {"-"}, .verify = "sha-256"}),
            ExitCode::usage);
  EXPECT_EQ(refused({.urls = {"h/a"}, .headers = {"range: bytes=0-1"}, .verify = "sha-256"}),
            ExitCode::usage);
}

TEST(Plan, RequiresANameWhereTheUrlHasNone) {
  EXPECT_EQ(refused({.urls = {"h/.."}}), ExitCode::usage);
  EXPECT_EQ(planned({.urls = {"h/.."}, .file = "f"}).jobs[0].file, "f");
}

TEST(Plan, CompletesTheUrlOfAnUpload) {
  const auto target = [](const char* file, const char* url) {
    return planned({.verb = Verb::put, .urls = {url}, .inputs = {file}}).jobs[0].where.target();
  };
  EXPECT_EQ(target("dir/a b.txt", "h/in/"), "/in/a%20b.txt");
  EXPECT_EQ(target("a.txt", "h"), "/a.txt");
  EXPECT_EQ(target("a.txt", "h/other"), "/other");
  EXPECT_EQ(target("-", "h/other"), "/other");
  EXPECT_EQ(refused({.verb = Verb::put, .urls = {"h/in/"}, .inputs = {"-"}}), ExitCode::usage);
  EXPECT_EQ(refused({.verb = Verb::put, .urls = {"h/in/"}, .inputs = {"dir/"}}), ExitCode::usage);
}

TEST(Plan, SaysThatTheFileStandsBeforeTheUrl) {
  Plan plan;
  const ExitReason reason =
      make_plan({.verb = Verb::put, .urls = {"f"}, .inputs = {"http://h:1/"}}, plan);
  EXPECT_EQ(code_of(reason), ExitCode::usage);
  EXPECT_EQ(reason.text,
            "the file stands before the URL, as in quoit put notes.txt http://HOST:PORT/; see "
            "'quoit --help'");
}

TEST(Plan, KeepsTheOriginalForm) {
  const Plan get = planned({.host = "h", .port = "8080", .method = "GET", .path = "/d/a.txt"});
  EXPECT_EQ(get.jobs[0].verb, Verb::get);
  EXPECT_EQ(get.jobs[0].where.text(), "http://h:8080/d/a.txt");
  EXPECT_EQ(get.jobs[0].file, "a.txt");
  const Plan put = planned({.host = "h", .port = "8080", .method = "put", .path = "/d/a b.txt"});
  EXPECT_EQ(put.jobs[0].verb, Verb::put);
  EXPECT_EQ(put.jobs[0].where.text(), "http://h:8080/d/a%20b.txt");
  EXPECT_EQ(put.jobs[0].file, "d/a b.txt");
  EXPECT_EQ(refused({.host = "h", .port = "1", .method = "POST", .path = "/"}), ExitCode::usage);
  EXPECT_EQ(refused({.host = "h", .port = "1", .method = "PUT", .path = "/"}), ExitCode::usage);
  EXPECT_EQ(refused({.host = "h", .port = "x", .method = "GET", .path = "/"}), ExitCode::bad_url);
}

TEST(Plan, ReadsHeaders) {
  const Plan plan = planned({.urls = {"h/a"}, .headers = {"A:  b c ", "Accept:"}});
  ASSERT_EQ(plan.settings.headers.size(), 2U);
  EXPECT_EQ(plan.settings.headers[0].name, "A");
  EXPECT_EQ(plan.settings.headers[0].value, "b c");
  EXPECT_EQ(plan.settings.headers[1].value, "");
  for (const char* line : {"no colon", ": no name", "a b: c", "A: b\r\nC: d", "Content-Length: 1",
                           "transfer-encoding: chunked"}) {
    EXPECT_EQ(refused({.urls = {"h/a"}, .headers = {line}}), ExitCode::usage) << line;
  }
}

TEST(Plan, RefusesASocketPathThatDoesNotFitAnAddress) {
  Arguments arguments{.urls = {"h/a"}};
  arguments.settings.unix_socket = std::string(108, 'p');
  EXPECT_EQ(refused(arguments), ExitCode::usage);
}

TEST(Plan, MakesFieldsOfConditions) {
  const auto fields_of = [](const Settings& settings) {
    Arguments arguments{.verb = Verb::put, .urls = {"http://h/a"}, .inputs = {"f"}};
    arguments.settings = settings;
    Plan plan;
    const ExitReason reason = make_plan(arguments, plan);
    if (reason) return reason.text;
    std::string fields;
    for (const HeaderLine& header : plan.settings.headers)
      fields += header.name + ": " + header.value;
    return fields;
  };
  EXPECT_EQ(fields_of({}), "");
  EXPECT_EQ(fields_of({.if_absent = true}), "If-None-Match: *");
  EXPECT_EQ(fields_of({.if_match = "abc-1"}), "If-Match: \"abc-1\"");
  EXPECT_EQ(fields_of({.if_match = "\"abc-1\""}), "If-Match: \"abc-1\"");
  EXPECT_EQ(fields_of({.if_match = "*"}), "If-Match: *");
  for (const char* tag : {"W/\"weak\"", "a\"b", "\"open", "a b\n"}) {
    EXPECT_NE(fields_of({.if_match = tag}).find("takes a strong ETag"), std::string::npos) << tag;
  }
  EXPECT_NE(fields_of({.if_absent = true, .if_match = "t"}).find("exclude"), std::string::npos);
}

}  // namespace
}  // namespace client
