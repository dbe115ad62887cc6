/*
 * mbed TLS as a judge: one job a line from standard input, one verdict a line to standard output,
 * after a first line with the version (see batch-program.ts).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/error.h>
#include <mbedtls/oid.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crl.h>
#include <mbedtls/x509_crt.h>

static char reason[1024];

/* In place: the octets take the room of their own digits. */
static size_t unhex(char *text) {
  size_t length = strlen(text) / 2;
  for (size_t i = 0; i < length; i++) {
    char digits[3] = {text[2 * i], text[2 * i + 1], 0};
    text[i] = (char)strtoul(digits, NULL, 16);
  }
  return length;
}

static int refuse(const char *what, int code) {
  size_t used = (size_t)snprintf(reason, sizeof reason, "%s: ", what);
  mbedtls_strerror(code, reason + used, sizeof reason - used);
  return -1;
}

/* As mbedtls_ssl_check_cert_usage does for a key exchange with signatures. */
static int usage_fits(const mbedtls_x509_crt *leaf, int is_server) {
  const char *oid = is_server ? MBEDTLS_OID_SERVER_AUTH : MBEDTLS_OID_CLIENT_AUTH;
  if (mbedtls_x509_crt_check_key_usage(leaf, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) != 0) return 0;
  return mbedtls_x509_crt_check_extended_key_usage(leaf, oid, MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)) == 0;
}

static int judge(char *fields[5], mbedtls_x509_crt *anchor, mbedtls_x509_crt *chain, mbedtls_x509_crl *crl) {
  int is_server = strcmp(fields[0], "server") == 0;
  size_t length = unhex(fields[2]);
  int code = mbedtls_x509_crt_parse_der(anchor, (unsigned char *)fields[2], length);
  if (code != 0) return refuse("trust anchor", code);
  for (char *next = fields[3], *text; (text = strsep(&next, ",")) != NULL;) {
    length = unhex(text);
    code = mbedtls_x509_crt_parse_der(chain, (unsigned char *)text, length);
    if (code != 0) return refuse("certificate", code);
  }
  if (*fields[4] != 0) {
    length = unhex(fields[4]);
    code = mbedtls_x509_crl_parse_der(crl, (unsigned char *)fields[4], length);
    if (code != 0) return refuse("CRL", code);
  }
  uint32_t flags = 0;
  /* A list that nothing was read into is of nobody. */
  code = mbedtls_x509_crt_verify(chain, anchor, crl, is_server ? fields[1] : NULL, &flags, NULL, NULL);
  if (code != 0 && flags == 0) return refuse("verify", code);
  if (code != 0) {
    mbedtls_x509_crt_verify_info(reason, sizeof reason, "", flags);
    return -1;
  }
  if (usage_fits(chain, is_server)) return 0;
  snprintf(reason, sizeof reason, "extended key usage");
  return -1;
}

int main(void) {
  char *line = NULL;
  size_t room = 0;
  char version[32];
  mbedtls_version_get_string_full(version);
  printf("%s\n", version);
  fflush(stdout);
  while (getline(&line, &room, stdin) > 0) {
    char *fields[5];
    char *next = line;
    line[strcspn(line, "\n")] = 0;
    for (int i = 0; i < 5; i++) fields[i] = strsep(&next, "\t");
    mbedtls_x509_crt anchor, chain;
    mbedtls_x509_crl crl;
    mbedtls_x509_crt_init(&anchor);
    mbedtls_x509_crt_init(&chain);
    mbedtls_x509_crl_init(&crl);
    if (judge(fields, &anchor, &chain, &crl) == 0) {
      printf("takes\n");
    } else {
      for (char *c = reason; *c; c++) if (*c == '\n') *c = ' ';
      printf("refuses\t%s\n", reason);
    }
    fflush(stdout);
    mbedtls_x509_crt_free(&anchor);
    mbedtls_x509_crt_free(&chain);
    mbedtls_x509_crl_free(&crl);
  }
  free(line);
  return 0;
}
