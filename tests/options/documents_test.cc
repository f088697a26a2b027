// What generators write, and how they check README.
#include "apps/options/documents.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>

#include "apps/options/completions.h"
#include "apps/options/man_page.h"
#include "apps/options/readme_table.h"
#include "tests/options/sample.h"

namespace options {
namespace {

namespace fs = std::filesystem;

class Documents : public ::testing::Test {
 protected:
  Documents() { fs::create_directories(folder_); }
  ~Documents() override { fs::remove_all(folder_); }

  static int make(const char* verb, const fs::path& path) {
    const std::array<const char*, 3> words = {"generator", verb, path.c_str()};
    ::testing::internal::CaptureStderr();
    const int status = make_documents(sample::server, "0.1.0", 3, words.data());
    EXPECT_EQ(::testing::internal::GetCapturedStderr().empty(), status == EX_OK);
    return status;
  }
  static std::string read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const fs::path folder_ =
      fs::temp_directory_path() / ("documents_test." + std::to_string(::getpid()));
};

TEST_F(Documents, are_written_where_an_installation_takes_them) {
  EXPECT_EQ(make("write", folder_ / "new"), EX_OK);
  EXPECT_EQ(read(folder_ / "new/man1/sampled.1"), man_page(sample::server, "0.1.0"));
  EXPECT_EQ(read(folder_ / "new/bash/sampled"), bash_completion(sample::server));
  EXPECT_EQ(read(folder_ / "new/zsh/_sampled"), zsh_completion(sample::server));
  EXPECT_EQ(read(folder_ / "new/fish/sampled.fish"), fish_completion(sample::server));
  EXPECT_EQ(make("write", "/dev/null"), EX_IOERR);
}

TEST_F(Documents, of_readme_are_updated_and_checked) {
  const fs::path readme = folder_ / "README.md";
  const std::string begin = "<!-- options of sampled, made by ./dev pages -->\n";
  const std::string end = "<!-- end of the options of sampled -->\n";
  std::ofstream(readme) << begin << end;
  EXPECT_EQ(make("check", readme), EX_IOERR);
  EXPECT_EQ(read(readme), begin + end);
  EXPECT_EQ(make("readme", readme), EX_OK);
  EXPECT_EQ(read(readme), begin + readme_table(sample::server) + end);
  EXPECT_EQ(make("check", readme), EX_OK);
  EXPECT_EQ(make("readme", readme), EX_OK);
  std::ofstream(readme) << "no table\n";
  EXPECT_EQ(make("readme", readme), EX_IOERR);
  EXPECT_EQ(make("readme", folder_ / "missing"), EX_IOERR);
  EXPECT_EQ(make("print", readme), EX_USAGE);
}

}  // namespace
}  // namespace options
