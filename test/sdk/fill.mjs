// fill.mjs - the smallest valid message of a type: every required field set, at any depth.
function value(field) {
    const type = field.resolvedType;
    if (type?.fields)
        return fill(type);
    if (type?.values)
        return Object.values(type.values)[0];
    if (field.type === 'bool')
        return true;
    if (field.type === 'string')
        return /time|date/i.test(field.name) ? '2026-01-05' : '1';
    return field.type === 'bytes' ? new Uint8Array() : 1;
}

function fill(type) {
    if (type.fullName === '.Qot_Common.Security')
        return { market: 1, code: '00700' };
    const message = {};
    for (const field of type.fieldsArray)
        if (field.resolve().required)
            message[field.name] = value(field);
    return message;
}

// Of a C2S, with the real account and a packetID of the session { client, real } where it has them.
export function minimal(type, session) {
    const c2s = fill(type);
    if (c2s.header?.accID)
        c2s.header = session.real;
    if (c2s.packetID)
        c2s.packetID = session.client.packetID();
    return c2s;
}
