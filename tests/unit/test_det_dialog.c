/* SPDX-License-Identifier: MIT */
/* Message boxes in built dumps: their texts on 32-bit stacks, and none to be had on 64-bit ones. */
#include "support/hang_scene.h"
#include "support/suite.h"

#define CAPTION (HANG_HEAP + 0x100)
#define TEXT    (HANG_HEAP + 0x200)

static struct hang_scene s;

static size_t begin(unsigned pointer_size)
{
    hang_begin(&s, pointer_size);
    db_poke_utf16(s.b, CAPTION, "Assertion failed");
    db_poke_utf16(s.b, TEXT, "x > 0");
    return hang_add(
        &s, &(struct hang_thread){.id = 0x10,
                                  .frames = {"user32!NtUserGetMessage", "user32!MessageBoxW",
                                             "app!Work", "app!main"}});
}

/* MessageBoxW(window, text, caption, type): winuser.h */
START_TEST(the_texts_of_32_bit_code)
{
    size_t t = begin(4);

    hang_poke(&s, hang_argument(&s, t, 1, 1), TEXT);
    hang_poke(&s, hang_argument(&s, t, 1, 2), CAPTION);
    hang_run(&s);
    hang_check(&s, "dialog.open", "yes");
    hang_check(&s, "dialog.thread", "thread 0 (0x10)");
    hang_check(&s, "dialog.function", "user32!MessageBoxW");
    hang_check(&s, "dialog.caller", "app!Work");
    hang_check(&s, "dialog.caption", "Assertion failed");
    hang_check(&s, "dialog.text", "x > 0");
    hang_check_finding(&s, "message-box", true);
    hang_end(&s);
}
END_TEST

START_TEST(no_texts_where_there_are_none)
{
    size_t t = begin(4);

    hang_poke(&s, hang_argument(&s, t, 1, 1), 0x65); /* a resource's number */
    hang_poke(&s, hang_argument(&s, t, 1, 2), 0x12345678);
    hang_run(&s);
    hang_check(&s, "dialog.open", "yes");
    hang_check(&s, "dialog.caption", "? its arguments are not in the dump");
    hang_check(&s, "dialog.text", "? its arguments are not in the dump");
    hang_end(&s);
}
END_TEST

START_TEST(no_texts_of_64_bit_code)
{
    size_t t = begin(8);

    hang_poke(&s, hang_argument(&s, t, 1, 1), TEXT); /* a home slot may hold anything */
    hang_run(&s);
    hang_check(&s, "dialog.open", "yes");
    hang_check(&s, "dialog.text", "? 64-bit code passes it in a register, which nothing keeps");
    hang_check_finding(&s, "message-box", true);
    hang_end(&s);
}
END_TEST

START_TEST(a_message_loop_is_no_dialog)
{
    hang_begin(&s, 4);
    hang_add(&s,
             &(struct hang_thread){.id = 0x10, .frames = {"user32!NtUserGetMessage", "app!main"}});
    hang_run(&s);
    hang_check(&s, "dialog.open", "no");
    hang_check(&s, "dialog.text", "? no thread is seen showing a message box");
    hang_check_finding(&s, "message-box", false);
    hang_end(&s);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, the_texts_of_32_bit_code);
    tcase_add_test(tests, no_texts_where_there_are_none);
    tcase_add_test(tests, no_texts_of_64_bit_code);
    tcase_add_test(tests, a_message_loop_is_no_dialog);
}

int main(void)
{
    return suite_main("det_dialog", add_tests);
}
