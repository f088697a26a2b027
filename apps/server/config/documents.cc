// Writes the man page, the completions and README's table of quoitd, during the build. The idea is
// in apps/options/documents.h. Covered by tests/options/installed_test.
#include "apps/options/documents.h"

#include "apps/server/config/option_table.h"

int main(int argc, char** argv) {
  return options::make_documents(server::program, QUOIT_VERSION, argc, argv);
}
