// Writing files. Covered by tests/options/documents_test.cc.
#include "apps/options/documents.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "apps/options/completions.h"
#include "apps/options/man_page.h"
#include "apps/options/readme_table.h"

namespace options {

namespace {

namespace fs = std::filesystem;

int fail(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
  return EX_IOERR;
}

int write_file(const fs::path& path, std::string_view text) {
  std::error_code ignored;  // opening the file fails then, too
  fs::create_directories(path.parent_path(), ignored);
  std::ofstream file(path, std::ios::binary);
  file << text << std::flush;
  return file ? EX_OK : fail("cannot write " + path.string());
}

int write_all(const Program& program, std::string_view version, const fs::path& directory) {
  const std::string name(program.name);
  int status = write_file(directory / "man1" / (name + ".1"), man_page(program, version));
  if (status == EX_OK) status = write_file(directory / "bash" / name, bash_completion(program));
  if (status == EX_OK) {
    status = write_file(directory / "zsh" / ("_" + name), zsh_completion(program));
  }
  if (status == EX_OK) {
    status = write_file(directory / "fish" / (name + ".fish"), fish_completion(program));
  }
  return status;
}

int update_readme(const Program& program, const std::string& path, bool only_check) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) return fail("cannot read " + path);
  const std::optional<std::string> current = with_readme_table(program, text);
  if (!current) return fail(path + " has no place for the options of " + std::string(program.name));
  if (*current == text) return EX_OK;
  if (!only_check) return write_file(path, *current);
  return fail("the options of " + std::string(program.name) + " in " + path +
              " are not current; run ./dev pages");
}

}  // namespace

int make_documents(const Program& program, std::string_view version, int argc,
                   const char* const* argv) {
  const std::string_view verb = argc == 3 ? argv[1] : "";
  if (verb == "write") return write_all(program, version, argv[2]);
  if (verb == "readme" || verb == "check") return update_readme(program, argv[2], verb == "check");
  std::fprintf(stderr, "usage: write DIRECTORY, readme FILE or check FILE\n");
  return EX_USAGE;
}

}  // namespace options
