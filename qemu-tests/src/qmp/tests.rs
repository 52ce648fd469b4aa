//! Tests of the protocol against a QEMU that is a thread of the test.

use super::*;

const LIMIT: Duration = Duration::from_secs(10);

/// A QEMU that greets and then answers each command with what `answer` makes of it.
fn with_fake(
    mut answer: impl FnMut(&str, u64) -> Vec<Value> + Send + 'static,
) -> Result<Qmp, QmpError> {
    let (ours, theirs) = UnixStream::pair()?;
    thread::spawn(move || -> io::Result<()> {
        let mut output = theirs.try_clone()?;
        writeln!(output, "{}", json!({"QMP": {"version": {}, "capabilities": []}}))?;
        for line in BufReader::new(theirs).lines() {
            let command: Value = serde_json::from_str(&line?)?;
            let name = text_of(&command, "execute");
            let id = command["id"].as_u64().unwrap();
            let messages = match name.as_str() {
                "qmp_capabilities" => vec![json!({"return": {}, "id": id})],
                "quit" => break,
                _ => answer(&command.to_string(), id),
            };
            for message in messages {
                writeln!(output, "{message}")?;
            }
        }
        output.shutdown(std::net::Shutdown::Both)
    });
    Qmp::over(ours, LIMIT)
}

#[test]
fn events_between_a_command_and_its_reply_are_kept() {
    let qmp = with_fake(|_, id| {
        vec![
            json!({"event": "DEVICE_DELETED", "data": {"device": "a"}, "timestamp": {}}),
            json!({"event": "STOP", "timestamp": {}}),
            json!({"event": "DEVICE_DELETED", "data": {"device": "b"}}),
            json!({"return": {"status": "running"}, "id": id}),
        ]
    })
    .unwrap();
    let reply = qmp.execute("query-status", json!({})).unwrap();
    assert_eq!(reply["status"], "running");
    let event =
        qmp.wait_for_event_where("DEVICE_DELETED", LIMIT, |data| data["device"] == "b").unwrap();
    assert_eq!(event.data["device"], "b");
    let names: Vec<_> = qmp.take_events().into_iter().map(|event| event.name).collect();
    assert_eq!(names, ["DEVICE_DELETED", "STOP"]);
}

#[test]
fn replies_are_matched_by_their_number() {
    // Every second command is answered first, so the replies come in the wrong order.
    let mut held: Option<u64> = None;
    let qmp = with_fake(move |_, id| match held.take() {
        None => {
            held = Some(id);
            Vec::new()
        }
        Some(first) => [id, first].into_iter().map(|id| json!({"return": id, "id": id})).collect(),
    })
    .unwrap();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let reply = qmp.execute("any", json!({})).unwrap();
                assert!(reply.as_u64().unwrap() >= 2);
            });
        }
    });
    assert!(qmp.shared.state().replies.is_empty());
}

#[test]
fn refusals_time_limits_and_ends_are_told_apart() {
    let qmp = with_fake(|command, id| {
        if command.contains("silent") {
            return Vec::new();
        }
        vec![json!({"error": {"class": "DeviceNotFound", "desc": "no x"}, "id": id})]
    })
    .unwrap();
    let refused = qmp.execute("device_del", json!({"id": "x"})).unwrap_err();
    assert!(matches!(&refused, QmpError::Refused { class, .. } if class == "DeviceNotFound"));
    assert_eq!(refused.to_string(), "QEMU refused device_del: no x (DeviceNotFound)");
    let silent = qmp.execute_within("silent", json!({}), Duration::from_millis(10));
    assert!(matches!(silent, Err(QmpError::TimedOut { .. })));
    let ended = qmp.execute("quit", json!({}));
    assert!(matches!(ended, Err(QmpError::Closed { .. })));
    let event = qmp.wait_for_event("STOP", LIMIT);
    assert!(matches!(event, Err(QmpError::Closed { .. })));
}

#[test]
fn human_commands_return_their_text() {
    let qmp = with_fake(|command, id| {
        assert!(command.contains(r#""command-line":"info block""#));
        vec![json!({"return": "disk-0-0001\r\n", "id": id})]
    })
    .unwrap();
    assert_eq!(qmp.human("info block").unwrap(), "disk-0-0001\r\n");
}
