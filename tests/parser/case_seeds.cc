// Writes the bytes of every case as a file, so that the fuzzers start from what the tests know:
//   case_seeds FOLDER-OF-CASES FOLDER-OF-SEEDS
// makes FOLDER-OF-SEEDS/request/NAME, .../response/NAME and .../chunked/NAME, named by sentence.
// Covered by the ctest "parser: the cases can be written as seeds".
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "tests/parser/cases.h"

namespace {

const char* folder_of(cases::Kind kind) {
  switch (kind) {
    case cases::Kind::request: return "request";
    case cases::Kind::response: return "response";
    case cases::Kind::chunked: return "chunked";
  }
  return "";
}

void write_seed(const std::filesystem::path& root, const cases::Case& one) {
  const std::filesystem::path folder = root / folder_of(one.kind);
  std::filesystem::create_directories(folder);
  std::ofstream file(folder / cases::slug(one.sentence), std::ios::binary);
  file.write(one.bytes.data(), static_cast<std::streamsize>(one.bytes.size()));
  if (!file) throw std::runtime_error("cannot write into " + folder.string());
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::cerr << "usage: case_seeds FOLDER-OF-CASES FOLDER-OF-SEEDS\n";
    return 64;
  }
  try {
    for (const cases::Case& one : cases::load(arguments[1])) write_seed(arguments[2], one);
  } catch (const std::exception& problem) {
    std::cerr << problem.what() << '\n';
    return 1;
  }
  return 0;
}
