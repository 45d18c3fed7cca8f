/* SPDX-License-Identifier: MIT */
/* MD5 with the test suite of RFC 1321, appendix A.5, and sizes around the last block. */
#include "base/md5.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static void check(const char *text, const char *expected)
{
    uint8_t digest[AVD_MD5_SIZE];
    char hex[2 * AVD_MD5_SIZE + 1];
    size_t i;

    avd_md5(text, strlen(text), digest);
    for (i = 0; i < AVD_MD5_SIZE; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    ck_assert_str_eq(hex, expected);
}

START_TEST(the_test_suite_of_the_rfc)
{
    check("", "d41d8cd98f00b204e9800998ecf8427e");
    check("a", "0cc175b9c0f1b6a831c399e269772661");
    check("abc", "900150983cd24fb0d6963f7d28e17f72");
    check("message digest", "f96b697d7cb7938d525a2f31aaf161d0");
    check("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b");
    check("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
          "d174ab98d277d9f5a5611c2c9f419d9f");
    check("12345678901234567890123456789012345678901234567890123456789012345678901234567890",
          "57edf4a22be3c955ac49da2e2107b67a");
}
END_TEST

/* 55 bytes leave just room for the size, 56 do not, 64 fill a block; by md5sum. */
START_TEST(around_a_block)
{
    char text[65];

    memset(text, 'x', sizeof text);
    text[55] = '\0';
    check(text, "04364420e25c512fd958a70738aa8f72");
    text[55] = 'x', text[56] = '\0';
    check(text, "668a72d5ba17f08e62dabcafad6db14b");
    text[56] = 'x', text[64] = '\0';
    check(text, "c1bb4f81d892b2d57947682aeb252456");
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, the_test_suite_of_the_rfc);
    tcase_add_test(tests, around_a_block);
}

int main(void)
{
    return suite_main("md5", add_tests);
}
