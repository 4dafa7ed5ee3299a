//! Writes by tools.

use super::*;

async fn write(world: &World, guard: &Guard, path: &str, audience: Audience<'_>) -> Option<Kind> {
    let request = WriteRequest { path, replaces: false, caller: world.caller(audience) };
    guard.authorize_write(request, &Cancel::never()).await.err().map(|refusal| refusal.kind)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_place_asks_every_time_and_under_every_mode() {
    let world = World::allowing(&["self-disarm"]);
    let guard = world.guard();
    let config = world.home.path().join("config.yaml").display().to_string();
    for yolo in [false, true] {
        guard.set_yolo("s", yolo);
        for path in [config.as_str(), "/home/ada/.ssh/authorized_keys", "/home/ada/.bashrc"] {
            let person = Person::says(&["a", "s", "o"]);
            for expected in [a_no(), a_no(), None] {
                assert_eq!(write(&world, &guard, path, Audience::Person(&person)).await, expected, "{path}");
            }
            assert_eq!(write(&world, &guard, path, Audience::Cron).await, Some(Kind::NobodyThere), "{path}");
        }
    }
    assert_eq!(write(&world, &guard, "/work/notes.md", Audience::Cron).await, None);
    for path in ["notes.md", "/work/../home/ada/.bashrc", "~/.bashrc"] {
        assert_eq!(write(&world, &guard, path, Audience::Cron).await, Some(Kind::Unreadable), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_touches_one_is_asked_about_every_time() {
    let world = World::allowing(&["recursive-delete", "rm"]);
    let guard = world.guard();
    for text in ["rm -r ~/.ssh", "rm -r build; rm ~/.bashrc"] {
        let person = Person::says(&["a", "s", "o"]);
        for expected in [a_no(), a_no(), None] {
            assert_eq!(kind(world.run(&guard, text, Audience::Person(&person)).await), expected, "{text}");
        }
    }
    assert_eq!(kind(world.run(&guard, "rm -r build", Audience::Cron).await), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn inside_a_boundary_nothing_is_protected() {
    let mut world = World::new();
    world.facts.boundary = true;
    assert_eq!(write(&world, &world.guard(), "/home/ada/.bashrc", Audience::Cron).await, None);
}
