// Alternative names and subjects; X509_get_ext_d2i(3) and X509_NAME_get_entry(3). Covered by
// tests/crypto/client_trust_test.cc.
#include "apps/crypto/certificate_name.h"

#include <string_view>

#include "apps/crypto/owned.h"

namespace crypto {

namespace {

std::string_view text_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string as_one_word(std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string word;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte != 0x7f && byte != '%') {
      word += c;
    } else {
      word.append({'%', digits[byte >> 4], digits[byte & 15]});
    }
  }
  return word;
}

// The first alternative name of that kind, GEN_EMAIL or GEN_DNS (RFC 5280 section 4.2.1.6).
std::string_view alternative_name(const GENERAL_NAMES* names, int kind) {
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names, i);
    if (name->type == kind) return text_of(name->d.ia5);  // of both kinds
  }
  return {};
}

// The first common name of the subject, in UTF-8.
std::string common_name(const X509* certificate) {
  const X509_NAME* const subject = X509_get_subject_name(certificate);
  const int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (index < 0) return {};
  const X509_NAME_ENTRY* const entry = X509_NAME_get_entry(subject, index);
  unsigned char* bytes = nullptr;
  const int size = ASN1_STRING_to_UTF8(&bytes, X509_NAME_ENTRY_get_data(entry));
  if (size < 0) return {};
  const Owned<unsigned char, free_bytes> owned(bytes);
  return as_one_word({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)});
}

}  // namespace

std::string name_of_client(const X509* certificate) {
  const OwnedNames names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (const int kind : {GEN_EMAIL, GEN_DNS}) {
    const std::string_view name = alternative_name(names.get(), kind);
    if (!name.empty()) return as_one_word(name);
  }
  return common_name(certificate);
}

}  // namespace crypto
