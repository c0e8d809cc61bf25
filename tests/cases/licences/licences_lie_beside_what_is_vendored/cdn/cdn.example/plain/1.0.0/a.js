/* eslint-disable */ a();
