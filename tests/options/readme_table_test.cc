// README's table of options.
#include "apps/options/readme_table.h"

#include <gtest/gtest.h>

#include "tests/options/sample.h"

namespace options {
namespace {

TEST(ReadmeTable, has_a_row_for_each_option) {
  const std::string table = readme_table(sample::server);
  for (const char* row : {
           "| option | default | meaning |\n|---|---|---|\n| `ROOT` | `.` | directory to serve |\n",
           "| `-l`, `--listen ADDR` | `127.0.0.1:8080` | address to listen on; repeatable |\n",
           "| `-w`, `--writable` | read-only | allow PUT and DELETE |\n",
           "| `--durability none\\|data\\|full` | `none` | what a power cut leaves of an upload. "
           "It "
           "costs time. |\n",
           "| `--not-found FILE` | 404.html where it exists | page for 404 |\n",
           "| `--max-head BYTES` | `16K`, twice a browser's largest cookies | largest request "
           "head; 431 "
           "beyond; at most 63K |\n",
           "| `--config FILE` |  | read options from FILE |\n",
       }) {
    EXPECT_NE(table.find(row), std::string::npos) << row << "\n" << table;
  }
  EXPECT_EQ(table.find("--help"), std::string::npos);
}

TEST(ReadmeTable, stands_between_its_comments) {
  const std::string begin = "a\n<!-- options of sampled, made by ./dev pages -->\n";
  const std::string end = "<!-- end of the options of sampled -->\nb\n";
  const std::string expected = begin + readme_table(sample::server) + end;
  EXPECT_EQ(with_readme_table(sample::server, begin + end), expected);
  EXPECT_EQ(with_readme_table(sample::server, begin + "| old |\n" + end), expected);
  EXPECT_EQ(with_readme_table(sample::server, expected), expected);
  EXPECT_FALSE(with_readme_table(sample::server, begin));
  EXPECT_FALSE(with_readme_table(sample::server, end + begin));
  EXPECT_FALSE(with_readme_table(sample::client, begin + end));
}

}  // namespace
}  // namespace options
