#pragma once

#include <string>

namespace campaign::contract {

// An RSA key made for the tests of this process, as PEM (PKCS #8).
const std::string& KeyPem();

// Its public half, "<modulus>:<exponent>", hexadecimal.
std::string PublicKeyHex();

// A certificate for 127.0.0.1 that the key signed itself, as PEM.
std::string CertificatePem();

}  // namespace campaign::contract
