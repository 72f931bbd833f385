#include "tests/contract/keys.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace campaign::contract {
namespace {

EVP_PKEY* Key() {
  static EVP_PKEY* const key = EVP_RSA_gen(2048);
  return key;
}

// What `write` writes to a BIO.
template <class Write>
std::string ToPem(Write write) {
  BIO* bio = BIO_new(BIO_s_mem());
  EXPECT_EQ(write(bio), 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string pem(data, size);
  BIO_free(bio);
  return pem;
}

std::string Hex(const char* parameter) {
  BIGNUM* number = nullptr;
  EXPECT_EQ(EVP_PKEY_get_bn_param(Key(), parameter, &number), 1);
  char* text = BN_bn2hex(number);
  std::string hex = absl::AsciiStrToLower(text);
  OPENSSL_free(text);
  BN_free(number);
  return hex;
}

}  // namespace

const std::string& KeyPem() {
  static const std::string pem =
      ToPem([](BIO* bio) { return PEM_write_bio_PKCS8PrivateKey(bio, Key(), nullptr, nullptr, 0, nullptr, nullptr); });
  return pem;
}

std::string PublicKeyHex() { return absl::StrCat(Hex(OSSL_PKEY_PARAM_RSA_N), ":", Hex(OSSL_PKEY_PARAM_RSA_E)); }

std::string CertificatePem() {
  X509* certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, Key());
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_EXTENSION* host = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
  X509_add_ext(certificate, host, -1);
  EXPECT_GT(X509_sign(certificate, Key(), EVP_sha256()), 0);
  std::string pem = ToPem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
  X509_EXTENSION_free(host);
  X509_free(certificate);
  return pem;
}

}  // namespace campaign::contract
