// Writes the man page and the completions of quoit, during the build. The idea is in
// apps/options/documents.h. Covered by tests/options/installed_test.
#include "apps/options/documents.h"

#include "apps/client/command/option_table.h"

int main(int argc, char** argv) {
  return options::make_documents(client::program, QUOIT_VERSION, argc, argv);
}
