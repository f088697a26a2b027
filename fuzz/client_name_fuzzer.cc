// Fuzzes name_of_client(): the input describes a certificate, a name in each line. `E` begins an
// e-mail address, `D` a DNS name, and `C` the common name, with any bytes behind them.
//
// Oracles:
//   - the name is one word, and decodes to the first address, else the first DNS name, else the
//     first common name, byte for byte
//   - it is empty only if these are empty, or the common name is no UTF-8
// Covered by the replay of corpus/client_name in every build.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <openssl/x509v3.h>
#include <string>
#include <string_view>

#include "apps/crypto/certificate_name.h"
#include "fuzz/require.h"

namespace {

using fuzz::require;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Names = std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

void add_name(GENERAL_NAMES* names, int kind, std::string_view text) {
  ASN1_IA5STRING* const string = ASN1_IA5STRING_new();
  ASN1_STRING_set(string, text.data(), static_cast<int>(text.size()));
  GENERAL_NAME* const name = GENERAL_NAME_new();
  GENERAL_NAME_set0_value(name, kind, string);
  sk_GENERAL_NAME_push(names, name);
}

// The bytes that a name was written for.
std::string decoded(std::string_view name) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto byte = static_cast<unsigned char>(name[i]);
    require(byte > 0x20 && byte != 0x7f, "a name is one word");
    if (byte != '%') {
      text += name[i];
      continue;
    }
    require(i + 2 < name.size(), "two digits follow each %");
    const std::size_t high = digits.find(name[i + 1]);
    const std::size_t low = digits.find(name[i + 2]);
    require(high < 16 && low < 16, "two digits follow each %");
    text += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz::text_of_input(data, size);
  const Certificate certificate(X509_new(), X509_free);
  const Names names(GENERAL_NAMES_new(), GENERAL_NAMES_free);
  X509_NAME* const subject = X509_get_subject_name(certificate.get());
  std::string_view address;
  std::string_view host;
  std::string_view common;
  bool has_address = false;
  bool has_host = false;
  bool has_common = false;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() < rest.size() ? line.size() + 1 : line.size());
    if (line.empty()) continue;
    const std::string_view text = line.substr(1);
    const int bytes = static_cast<int>(text.size());
    if (line.front() == 'E') {
      add_name(names.get(), GEN_EMAIL, text);
      if (!has_address) address = text;
      has_address = true;
    } else if (line.front() == 'D') {
      add_name(names.get(), GEN_DNS, text);
      if (!has_host) host = text;
      has_host = true;
    } else if (line.front() == 'C') {
      const int added = X509_NAME_add_entry_by_NID(subject, NID_commonName, V_ASN1_UTF8STRING,
                                                   bytes_of(text), bytes, -1, 0);
      if (added == 1 && !has_common) common = text;
      has_common = has_common || added == 1;
    }
  }
  if (has_address || has_host) {
    X509_add1_ext_i2d(certificate.get(), NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT);
  }
  const std::string name = crypto::name_of_client(certificate.get());
  const bool is_alternative = !address.empty() || !host.empty();
  const std::string_view wanted = !address.empty() ? address : !host.empty() ? host : common;
  if (name.empty() && !is_alternative) return 0;  // no name, or a common name that is no UTF-8
  require(decoded(name) == wanted, "the name is the first of the kind that comes first");
  return 0;
}
